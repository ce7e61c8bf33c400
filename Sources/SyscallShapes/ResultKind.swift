/// What a call's result means.
public enum ResultKind: UInt8, Sendable {
    case number
    case address
    case descriptor
    /// Permission bits, in octal.
    case mode
    case bits
    /// The call does not come back.
    case none
    /// The number of ready descriptors, or 0 when the time is over.
    case readyCount
    /// O_* flags (fcntl).
    case openFlags
    /// FD_* flags (fcntl).
    case descriptorFlags
    /// F_SEAL_* flags (fcntl).
    case seals
    /// F_RDLCK, F_WRLCK or F_UNLCK (fcntl).
    case lockType
    /// A scheduling policy.
    case policy
    /// A signal's number, or 0.
    case signal
}
