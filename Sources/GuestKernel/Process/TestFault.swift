import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Where a test has the primary die: `run --test-fault NAME[:N]`. SIGKILL to itself, the Nth time that it comes by,
/// once the guest is protected. Nothing of it is asked on the way of a syscall.
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
    }

    public let point: Point
    private let left: Atomic<Int>
    private let isArmed = Atomic<Bool>(false)

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

    public static func die() -> Never {
        hostCall(__NR_kill, UInt64(hostCall(__NR_getpid)), UInt64(SIGKILL))
        while true { pause() }
    }
}
