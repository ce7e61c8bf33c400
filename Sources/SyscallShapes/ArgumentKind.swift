/// What an argument means. Drives the translation of calls that are passed on, and the decoding
/// of traced ones.
public enum ArgumentKind: Hashable, Sendable {
    // MARK: Plain values

    /// An `int`.
    case integer
    /// An `unsigned int`.
    case unsigned
    /// A `long`, or an offset in a file.
    case long
    /// A `size_t` or `unsigned long`.
    case size
    /// Bits or a word without names, in hexadecimal.
    case bits
    /// Permission bits, in octal.
    case mode
    /// A file's type and permission bits.
    case fileMode
    /// Major and minor number of a device.
    case device
    /// A user's or group's id, or -1.
    case identity
    case signal
    /// A guest process or thread id, or what stands for several.
    case processIdentity
    /// Bits or a number that have names.
    case named(NameFamily)
    /// AT_* flags: whether a last link is followed, and whether the path may be empty.
    case placeFlags

    // MARK: Files

    /// A guest file descriptor.
    case descriptor
    /// A guest file descriptor or AT_FDCWD, for the path that follows it.
    case directory
    /// A NUL-terminated path.
    case path
    /// As `path`, but the call acts on a last symbolic link itself.
    case linkPath

    // MARK: Guest memory

    /// A NUL-terminated string that is no path.
    case string
    /// Guest memory whose content is not shown.
    case pointer
    /// Guest memory that the call reads.
    case input(MemoryContent, Extent = .one)
    /// Guest memory that the call writes.
    case output(MemoryContent, Extent = .one)
    /// Guest memory that the call reads and writes.
    case update(MemoryContent, Extent = .one)

    // MARK: Depends

    /// What another argument decides (`CallShape.resolved`).
    case selected(Selection)
    /// Nothing: the call does not look at this argument.
    case absent

    /// Guest memory other than a path: an address that a call which is passed on must be checked for.
    @inlinable
    public var isPointer: Bool {
        switch self {
        case .string, .pointer, .input, .output, .update: return true
        default: return false
        }
    }

    /// Whether a guest's descriptor is meant.
    @inlinable
    public var isDescriptor: Bool {
        self == .descriptor || self == .directory
    }

    /// Whether the call leaves something for the caller in memory here.
    @inlinable
    public var isWritten: Bool {
        switch self {
        case .output, .update: return true
        default: return false
        }
    }

    /// Whether something has to be captured before the call.
    @inlinable
    public var isCapturedAtEntry: Bool {
        switch self {
        case .string, .path, .linkPath, .input, .update: return true
        case .output(let content, _): return content.isNested
        default: return false
        }
    }
}
