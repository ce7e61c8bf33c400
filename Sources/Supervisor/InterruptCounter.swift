import CGuestEntry
import Synchronization

/// How often the user has interrupted lately, seen by whichever thread takes the signal.
final class InterruptCounter: Sendable {
    /// So many interrupts within so much time end Understudy itself.
    private static let countMax = 3
    private static let windowNanoseconds: UInt64 = 5_000_000_000

    private let times = Mutex<[UInt64]>([])
    private let isReachedFlag = Atomic<Bool>(false)

    var isReached: Bool { isReachedFlag.load(ordering: .acquiring) }

    func note(nowNanoseconds: UInt64) {
        let count = times.withLock { times in
            times = times.filter { nowNanoseconds - $0 < InterruptCounter.windowNanoseconds } + [nowNanoseconds]
            return times.count
        }
        guard count >= InterruptCounter.countMax else { return }
        isReachedFlag.store(true, ordering: .releasing)
        // The thread that forwards signals acts on it.
        guest_signals_kick_listener()
    }
}
