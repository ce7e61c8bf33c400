/// What a snippet holds.
public enum SnippetKind: UInt32, Sendable {
    /// Guest memory; the snippet's address is where it lies.
    case memory = 0
    /// The path of a guest descriptor, whose number is the snippet's address (AT_FDCWD: the current directory).
    case descriptorPath = 1
    /// The number of entries, as a UInt32, in the directory buffer at the snippet's address.
    case entryCount = 2
    /// The signal mask, as a UInt64, that rt_sigreturn puts in force. The address is 0.
    case signalMask = 3
    /// The stack that the call was made from, as records of Unwinding's.
    case stack = 4
}
