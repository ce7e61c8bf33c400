import SyscallShapes

extension MemoryContent {
    /// Whether one alone stands in brackets.
    var isNumber: Bool {
        switch self {
        case .int32, .uint32, .int64, .uint64, .address, .descriptor, .identity, .waitStatus, .errorNumber,
            .schedulingParameters:
            return true
        default: return false
        }
    }
}
