import Foundation
import TestSupport
import Testing

/// The process that has a primary's memory until that has ended.
@Suite("the memory keeper", .startsGuests)
struct MemoryKeeperTests {
    private static let guest = Command("/bin/sleep", ["60"])

    /// The child of that name; the host counts it among the primary's.
    private static func keeper(of parent: pid_t) throws -> pid_t {
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        let found = all.filter { pid in
            guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return false }
            return status.hasPrefix("Name:\tmemory-keeper\n") && status.contains("\nPPid:\t\(parent)\n")
        }
        #expect(found.count == 1)
        return try #require(found.first)
    }

    private static func waitUntilGone(_ pid: pid_t) async throws {
        let deadline = Date() + 10
        while FileManager.default.fileExists(atPath: "/proc/\(pid)"), !isZombie(pid) {
            if Date() > deadline { throw TestFailure("process \(pid) is still there") }
            try await Task.sleep(nanoseconds: 10_000_000)
        }
    }

    /// Its new parent may take its time.
    private static func isZombie(_ pid: pid_t) -> Bool {
        (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8))?.contains("\nState:\tZ") == true
    }

    @Test("it has no connection of the primary's, minds no signal, and goes after a primary that is killed")
    func killed() async throws {
        try await ReplicatedGuest.with(Self.guest) { guest in
            try await guest.waitUntilProtected()
            let keeper = try Self.keeper(of: guest.primary.pid)
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(keeper)/fd")
            let targets = descriptors.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(keeper)/fd/\($0)")
            }
            #expect(targets.count <= 2)
            #expect(targets.allSatisfy { $0.hasPrefix("anon_inode:") }, "\(targets)")
            for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { kill(keeper, signal) }
            try await Task.sleep(nanoseconds: 50_000_000)
            #expect(try Self.keeper(of: guest.primary.pid) == keeper)
            guest.killPrimary()
            try await guest.waitForTakeover()
            try await Self.waitUntilGone(keeper)
        }
    }

    @Test("it goes with a primary that ends by itself, and one without it is as good")
    func ended() async throws {
        try await ReplicatedGuest.with(Command("/bin/sleep", ["2"])) { guest in
            try await guest.waitUntilProtected()
            let keeper = try Self.keeper(of: guest.primary.pid)
            let outcome = try await guest.waitForEnd()
            #expect(outcome.primary.ending == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(keeper)"))
        }
        try await ReplicatedGuest.with(Self.guest) { guest in
            try await guest.waitUntilProtected()
            kill(try Self.keeper(of: guest.primary.pid), SIGKILL)
            guest.killPrimary()
            try await guest.waitForTakeover()
        }
    }
}
