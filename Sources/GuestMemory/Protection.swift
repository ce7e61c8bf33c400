/// What may be done with a page, in the bits of the kernel's PROT_* (mmap(2), asm-generic/mman-common.h).
///
/// Only the three access bits live here: PROT_GROWSDOWN and PROT_GROWSUP steer one mprotect call and are not a state of
/// the page, so whoever decodes the call takes them off first.
public struct Protection: OptionSet, Equatable, Hashable, Sendable {
    /// The bits, of the type that mmap(2) and mprotect(2) take.
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// PROT_READ: the page may be read.
    public static let read = Protection(rawValue: 1)

    /// PROT_WRITE: the page may be written; on x86-64 that lets it be read as well.
    public static let write = Protection(rawValue: 2)

    /// PROT_EXEC: the page may be executed.
    public static let execute = Protection(rawValue: 4)

    /// Every access bit together.
    public static let all: Protection = [.read, .write, .execute]
}

extension Protection: CustomStringConvertible {
    /// The first three letters of a line of /proc/self/maps, such as "r-x" (proc_pid_maps(5)).
    public var description: String {
        (contains(.read) ? "r" : "-") + (contains(.write) ? "w" : "-") + (contains(.execute) ? "x" : "-")
    }
}
