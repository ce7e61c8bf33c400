/// Which names an argument's bits or values have.
public enum NameFamily: UInt8, Sendable, CaseIterable {
    // Files
    case openFlags
    case descriptorFlags
    case accessMode
    case accessFlags
    case unlinkFlags
    /// AT_* flags.
    case placeFlags
    /// AT_* flags of statx.
    case statxFlags
    case statxMask
    case renameFlags
    case extendedAttributeFlags
    case whence
    case fileAdvice
    case allocationFlags
    case syncRangeFlags
    case transferFlags
    case spliceFlags
    case lockOperation
    case lockType
    case closeRangeFlags
    case fileControl
    case deviceControl
    case flushQueue
    case seals
    case duplicateFlags
    case pipeFlags
    case memoryFileFlags
    case mountFlags
    case unmountFlags

    // Memory
    case protection
    case mapping
    case remapping
    case memorySync
    case memoryAdvice
    case lockAll
    case lockFlags

    // Sockets
    case protocolFamily
    case socketType
    case internetProtocol
    case netlinkProtocol
    case messageFlags
    case acceptFlags
    case shutdownHow
    case socketLevel
    case socketOption
    case internetOption
    case internet6Option
    case tcpOption
    case netlinkOption

    // Events and polling
    case eventFlags
    case timerFileFlags
    case timerFileSetting
    case signalFileFlags
    case watchFlags
    case watchMask
    case epollFlags
    case epollOperation
    case epollEvents
    case pollEvents

    // Signals, time, threads, processes
    case maskChange
    case clock
    case intervalTimer
    case timerSetting
    case cloneFlags
    case archControl
    case futexOperation
    case futexBits
    case futexWakeOperation
    case waitOptions
    case waitTarget
    case resource
    case usageTarget
    case processControl
    case dumpable
    case capability
    case vmaControl
    case priorityTarget
    case schedulingPolicy
    case ioPriorityTarget
    case ioPriority
    case barrierCommand
    case randomFlags
    case personality
    case ipcKey
    case ipcFlags
    case sharedMemoryFlags
    case ipcCommand
    case traceRequest
}
