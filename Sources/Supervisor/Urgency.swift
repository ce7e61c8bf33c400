import CGuestEntry
import Glibc
import GuestMemory

/// The calling thread goes before others, as far as this process may have that (CAP_SYS_NICE, or RLIMIT_NICE).
///
/// For a takeover: a primary that has been killed on the same machine gives its memory back for up to 20 ms, on one
/// processor or two, and its mirror would wait for that, 4 ms at a time.
struct Urgency {
    private let niceBefore: Int
    private let nice: Int

    private static let process: UInt64 = 0  // PRIO_PROCESS; it names a thread (setpriority(2))
    private static let niceMin = -20
    /// RLIMIT_NICE of uapi/asm-generic/resource.h; Glibc does not show it to Swift.
    private static let niceLimit: UInt64 = 13

    init() {
        niceBefore = Urgency.current
        var limit = rlimit()
        hostCall(__NR_prlimit64, 0, Urgency.niceLimit, 0, UInt64(address: &limit))
        let allowed = 20 - Int(min(limit.rlim_cur, 40))
        for wanted in [Urgency.niceMin, allowed] where wanted < niceBefore {
            if Urgency.set(wanted) { break }
        }
        nice = Urgency.current
    }

    /// Back to what it was, unless somebody has given the thread another priority since.
    func end() {
        if nice != niceBefore, Urgency.current == nice { Urgency.set(niceBefore) }
    }

    /// The call itself gives 1 to 40 for nice 19 to -20, so that no result looks like an error.
    private static var current: Int {
        let result = hostCall(__NR_getpriority, process, 0)
        return result > 0 ? 20 - result : 0
    }

    @discardableResult
    private static func set(_ nice: Int) -> Bool {
        hostCall(__NR_setpriority, process, 0, UInt64(signed: Int32(nice))) == 0
    }
}
