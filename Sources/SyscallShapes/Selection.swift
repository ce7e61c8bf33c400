/// Which argument decides what others mean.
public enum Selection: UInt8, Sendable {
    /// A new file's mode, which is only looked at where the flags make one.
    case openMode
    case openMode4
    case fileControl
    case deviceControl
    case remapAddress
    case epollEvent
    case futex
    case processControl
    case archControl
    case socketProtocol
    case optionSetting
    case optionReading

    /// Gives `shape` the meanings that these arguments have.
    func apply(_ arguments: SyscallArguments, _ shape: inout CallShape) {
        switch self {
        case .openMode: selectMode(arguments.b, 2, &shape)
        case .openMode4: selectMode(arguments.c, 3, &shape)
        case .fileControl: selectFileControl(arguments.int(1), &shape)
        case .deviceControl: selectDeviceControl(UInt32(truncatingIfNeeded: arguments.b), &shape)
        case .remapAddress: selectRemapping(arguments.d, &shape)
        case .epollEvent: selectEvent(arguments.int(1), &shape)
        case .futex: selectFutex(arguments.int(1), &shape)
        case .processControl: selectProcessControl(arguments.int(0), &shape)
        case .archControl: selectArchControl(arguments.int(0), &shape)
        case .socketProtocol: selectProtocol(arguments.int(0), &shape)
        case .optionSetting: selectSetting(arguments, &shape)
        case .optionReading: selectReading(arguments, &shape)
        }
    }
}
