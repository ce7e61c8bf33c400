import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Where a test has the primary die: `run --test-fault NAME[:N]`. SIGKILL to itself, the Nth time that it comes by,
/// once the guest is protected. `call` and `wait` count from the guest's start, and are the end once the mirror has an
/// epoch that was cut there.
public final class TestFault: Sendable {
    public enum Point: String, CaseIterable, Sendable {
        /// The guest stands still, and half of an epoch is taken: pages, not records.
        case capture
        /// The guest stands still, and all of it is taken.
        case captured
        /// Pages are encoded, and what comes behind them is not.
        case encode
        /// So many bytes have gone to the link.
        case frame
        /// An epoch has gone to the link as a whole.
        case sent
        /// The mirror has acknowledged an epoch, and nothing of it was released.
        case committed
        /// Before a write, send or close of a release.
        case release
        /// Half of a write of a release is done; of what has no half, all.
        case releasePart = "release-part"
        /// After a write, send or close of a release, of which nobody was told.
        case released
        /// A child has changed a file of a volume, and has not said so. It is the child that dies.
        case childChange = "child-change"
        /// A call of the guest's is made, and its thread has gone no further.
        case call
        /// A thread of the guest's is in a wait that it began, or was.
        case wait
    }

    public let point: Point
    private let left: Atomic<Int>
    private let isArmed = Atomic<Bool>(false)
    /// Of a call or wait that was the Nth: that there was one, and the first epoch that has it, 0 before that is cut.
    private let isReached = Atomic<Bool>(false)
    private let reachedEpoch = Atomic<UInt64>(0)
    private let isGivenUp = Atomic<Bool>(false)

    /// From `NAME[:N]`; nil where it is not that.
    public init?(parsing text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let point = Point(rawValue: String(parts[0])), parts.count <= 2 else { return nil }
        var count = 1
        if parts.count == 2 {
            guard let given = Int(parts[1]), given > 0 else { return nil }
            count = given
        }
        self.point = point
        left = Atomic(count)
    }

    public static let names = Point.allCases.map(\.rawValue)

    /// From now on it counts.
    public func arm() {
        isArmed.store(true, ordering: .sequentiallyConsistent)
    }

    /// Does not return where this is the time.
    public func pass(_ point: Point) {
        guard point == self.point, isArmed.load(ordering: .relaxed) else { return }
        if left.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { TestFault.die() }
    }

    /// Whether half of a write is to be done before dying.
    func takesHalf() -> Bool {
        guard point == .releasePart, isArmed.load(ordering: .relaxed) else { return false }
        return left.subtract(1, ordering: .sequentiallyConsistent).newValue == 0
    }

    /// How many of so many bytes are still to go to the link before dying; nil for all, and life goes on.
    public func bytesLeft(of byteCount: Int) -> Int? {
        guard point == .frame, isArmed.load(ordering: .relaxed) else { return nil }
        let before = left.subtract(byteCount, ordering: .sequentiallyConsistent).oldValue
        return before > 0 && before <= byteCount ? before : nil
    }

    // MARK: - Calls and waits

    /// Whether a call that was just made, or a wait that is about to begin, is the Nth. The thread still counts as
    /// running.
    func reaches(_ point: Point) -> Bool {
        guard point == self.point, left.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else {
            return false
        }
        isReached.store(true, ordering: .sequentiallyConsistent)
        return true
    }

    /// All threads stand still, and this epoch has where.
    public func noteCut(epoch: UInt64) {
        guard isReached.load(ordering: .sequentiallyConsistent) else { return }
        _ = reachedEpoch.compareExchange(expected: 0, desired: epoch, ordering: .sequentiallyConsistent)
    }

    /// The mirror has all up to this epoch. Does not return where this is the time.
    public func noteCommitted(upTo epoch: UInt64) {
        let reached = reachedEpoch.load(ordering: .sequentiallyConsistent)
        if reached != 0, epoch >= reached { TestFault.die() }
    }

    /// There is no mirror any more: whoever waits for the end goes on.
    public func giveUp() {
        isGivenUp.store(true, ordering: .sequentiallyConsistent)
    }

    var isOver: Bool { isGivenUp.load(ordering: .sequentiallyConsistent) }

    public static func die() -> Never {
        hostCall(__NR_kill, UInt64(hostCall(__NR_getpid)), UInt64(SIGKILL))
        while true { pause() }
    }
}
