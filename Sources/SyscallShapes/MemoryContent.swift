/// What lies in guest memory that an argument points to.
public enum MemoryContent: UInt8, Sendable {
    // One byte an element: the extent is in bytes.
    case bytes
    /// Like `bytes`, shown in hexadecimal.
    case randomBytes
    /// Like `bytes`, shown whole.
    case path
    case socketAddress
    case cloneArguments
    case openHow
    case cpuMask
    case schedulingAttributes
    case directoryEntries
    case oldDirectoryEntries
    /// A byte for each page: whether it is in memory.
    case pageResidency

    // Numbers
    case int32
    case uint32
    case int64
    case uint64
    case address
    case descriptor
    case identity
    case waitStatus
    /// An errno (SO_ERROR).
    case errorNumber

    // Structures
    case status
    case extendedStatus
    case fileSystemStatus
    case timespec
    case timeval
    case timezone
    case fileTimes
    case intervalSpec
    case intervalValue
    case timeAdjustment
    case processTimes
    case resourceLimit
    case resourceUsage
    case systemInformation
    case systemNames
    case signalAction
    case signalSet
    case signalStack
    case signalInformation
    case signalEvent
    case epollEvent
    case pollDescriptor
    case terminal
    case windowSize
    case fileLock
    case fileOwner
    case schedulingParameters
    case capabilityHeader
    case capabilityData
    case linger
    case credentials
    case cacheRange
    case cacheStatus

    // What is not flat, or whose size is not a multiple of its extent.
    /// Bits for as many descriptors as the extent says.
    case descriptorSet
    /// Ranges with bytes in them.
    case ioVector
    /// Ranges of another process's memory.
    case remoteRange
    case messageHeader
    case manyMessageHeaders
    /// Strings up to a null pointer.
    case stringVector
    /// As `stringVector`, of which only the number is shown.
    case environment
    /// A signal mask and its size behind a pointer.
    case selectMask

    /// The size of one element in bytes.
    @inlinable public var byteCount: Int {
        switch self {
        case .bytes, .randomBytes, .path, .socketAddress, .cloneArguments, .openHow, .cpuMask, .schedulingAttributes,
            .directoryEntries, .oldDirectoryEntries, .descriptorSet, .pageResidency:
            return 1
        case .int32, .uint32, .descriptor, .identity, .waitStatus, .errorNumber, .schedulingParameters: return 4
        case .int64, .uint64, .address, .timezone, .signalSet, .pollDescriptor, .windowSize, .fileOwner,
            .capabilityHeader, .linger, .stringVector, .environment:
            return 8
        case .epollEvent, .credentials: return 12
        case .timespec, .timeval, .fileTimes, .resourceLimit, .ioVector, .remoteRange, .selectMask, .cacheRange:
            return 16
        case .signalStack, .capabilityData: return 24
        case .intervalSpec, .intervalValue, .processTimes, .signalAction, .fileLock: return 32
        case .terminal: return 36
        case .cacheStatus: return 40
        case .messageHeader: return 56
        case .manyMessageHeaders, .signalEvent: return 64
        case .systemInformation: return 112
        case .fileSystemStatus: return 120
        case .signalInformation: return 128
        case .status, .resourceUsage: return 144
        case .timeAdjustment: return 208
        case .extendedStatus: return 256
        case .systemNames: return 390
        }
    }

    /// The most bytes that are looked at where the extent is in bytes and the content is no string.
    @inlinable public var byteCountMax: Int {
        switch self {
        case .cloneArguments: return 88
        case .openHow: return 24
        case .schedulingAttributes: return 56
        default: return 128
        }
    }

    /// Whether it points to more memory.
    @inlinable public var isNested: Bool {
        switch self {
        case .ioVector, .remoteRange, .messageHeader, .manyMessageHeaders, .stringVector, .environment, .selectMask:
            return true
        default: return false
        }
    }
}
