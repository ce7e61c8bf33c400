import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// The supervisor's own threads: signals blocked, named for ps and gdb.
enum HostThreads {
    // linux/prctl.h; not visible to Swift.
    private static let setName: UInt64 = 15
    private static let setTimerSlack: UInt64 = 29

    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SupervisorError) {
        let result = HostThread.start(mask: HostSignals.helperMask) {
            var padded = Array("us-\(name)".utf8.prefix(15)) + [0]
            hostCall(__NR_prctl, setName, UInt64(address: &padded))
            // Sleeps end up to 50 us late otherwise, which is the cost of half an epoch.
            hostCall(__NR_prctl, setTimerSlack, 1)
            body()
        }
        guard result == 0 else { throw SupervisorError(.failed, "no thread for \(name): \(errorText(result))") }
    }

    /// For what the guest can do without for now: it is tried again with the next event.
    static func startOrSay(_ name: String, _ messages: MessageLog, _ body: @escaping @Sendable () -> Void) {
        do throws(SupervisorError) {
            try start(name, body)
        } catch {
            messages.say(.warning, error.message)
        }
    }

    static func sleep(_ nanoseconds: UInt64) {
        var duration = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&duration, nil)
    }
}

/// CLOCK_BOOTTIME, which goes on while the machine is suspended: a lease must run out meanwhile (architecture §6).
enum BootClock {
    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// How often heartbeats go and deadlines are looked at.
enum HeartbeatPace {
    private static let usual: UInt64 = 100_000_000

    /// Ten in a failure timeout: one may be late by a scheduler's 38 ms beside busy threads and a few may be lost.
    static func heartbeatNanoseconds(_ failureTimeout: UInt64?) -> UInt64 {
        min(usual, max((failureTimeout ?? 1_000_000_000) / 10, 2_000_000))
    }

    /// A deadline is noticed so much late at the most.
    static func tickNanoseconds(_ failureTimeout: UInt64?) -> UInt64 {
        min(usual, max((failureTimeout ?? 1_000_000_000) / 50, 1_000_000))
    }
}
