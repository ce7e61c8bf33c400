import CGuestEntry
import Glibc
import GuestMemory

/// The one arena that a process can have, given back after each test.
enum Arena {
    /// Runs a test that reserves the arena. A fault of the copy routine's is its answer, as in the supervisor.
    static func using(_ body: () throws -> Void) throws {
        _ = installed
        defer { _ = hostCall(__NR_munmap, GuestLayout.arena.start, GuestLayout.arena.count) }
        try body()
    }

    private static let installed: Bool = {
        let result = guest_signals_install()
        precondition(result == 0, "the signal handlers cannot be installed: errno \(-result)")
        return true
    }()

    /// A page's content whatever its protection, or nil where reading it is SIGBUS.
    static func content(of page: UInt64) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Int(pageSize))
        let count = pread(memory, &bytes, bytes.count, off_t(page * pageSize))
        return count == bytes.count ? bytes : nil
    }

    /// Whether two pages hold the same; in a debug build this is many times as fast as comparing the arrays.
    static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && memcmp(left, right, left.count) == 0
    }

    private static let memory: Int32 = open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
}
