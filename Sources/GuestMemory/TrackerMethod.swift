/// How dirty pages are found.
public enum TrackerMethod: String, Sendable, CaseIterable {
    /// The kernel notes them: userfaultfd's asynchronous write protection and PAGEMAP_SCAN, both since Linux 6.7.
    case kernel
    /// Pages are write-protected by mprotect(2), and the first write to one is a SIGSEGV that opens it again.
    case signal

    /// As `--tracker` takes it.
    public var name: String { rawValue }

    public init?(name: String) {
        self.init(rawValue: name)
    }

    /// Whether this host can do it.
    public var isAvailable: Bool { unavailability == nil }

    /// What this host lacks for it, or nil.
    public var unavailability: TrackerError? {
        switch self {
        case .kernel: return WriteProtection.probe()
        // Reading /proc/self/pagemap tells which pages are there at all; it is part of every kernel with /proc.
        case .signal: return HostDescriptor.open("/proc/self/pagemap").failure
        }
    }
}

/// Dirty pages cannot be found, or not be read.
public struct TrackerError: Error, Sendable, CustomStringConvertible {
    public let message: String
    /// The host's errno, or 0 where no call was refused.
    public let errno: Int32

    init(_ message: String, errno: Int32 = 0) {
        self.message = message
        self.errno = errno
    }

    public var description: String { errno == 0 ? message : "\(message): errno \(errno)" }
}
