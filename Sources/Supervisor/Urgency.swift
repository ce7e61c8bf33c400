import CGuestEntry
import Glibc
import GuestMemory

/// The calling thread goes before all others, where this process may have that (CAP_SYS_NICE, or RLIMIT_NICE).
///
/// For a takeover: a primary that has been killed on the same machine gives its memory back for 10 to 20 ms, on as many
/// processors as it had threads, and its mirror would wait for them, 4 ms at a time.
struct Urgency {
    private let niceBefore: Int

    private static let process: UInt64 = 0  // PRIO_PROCESS; it names a thread (setpriority(2))
    private static let niceMin = -20

    init() {
        // The call itself gives 20 to 40 for nice 0 to -20, so that no result looks like an error.
        let result = hostCall(__NR_getpriority, Urgency.process, 0)
        niceBefore = result > 0 ? 20 - result : 0
        Urgency.set(Urgency.niceMin)
    }

    func end() {
        Urgency.set(niceBefore)
    }

    private static func set(_ nice: Int) {
        hostCall(__NR_setpriority, process, 0, UInt64(signed: Int32(nice)))
    }
}
