import Epochs
import Replication
import Synchronization

/// What replication did, for the report.
final class ReplicationStatistics: Sendable {
    struct State {
        var epochs: UInt64 = 0
        var epochsByNeed: UInt64 = 0
        var pages: UInt64 = 0
        var bytes: UInt64 = 0
        var frames: UInt64 = 0
        var epochsHandedOver: UInt64 = 0
        var pauses = Distribution()
        var pauseStages = PauseStages.Distributions()
        /// Copied while the guest ran, before it was stopped.
        var preCopiedPages: UInt64 = 0
        var dirtyPages = Distribution()
        /// From the stop of an epoch to its ack.
        var commits = Distribution()
        /// How the pages of the first epoch were encoded, and those of all others.
        var firstPageTally = PageTally()
        var pageTally = PageTally()
        var unprotectedReason: String?
        /// The last epoch that was cut, and the last of which the link has all.
        var cutEpoch: UInt64 = 0
        var sentEpoch: UInt64 = 0
        /// What was done about a link that did not keep up, and what is being done.
        var paceCounts = EpochPace.Counts()
        var paceLevel = 0
        var slowPercent = 0
        /// Until `--epoch auto` has taken note of it.
        var lastCost: EpochCost?
        private var cutTimes = [UInt64](repeating: 0, count: State.cutTimeCount)
        private(set) var committed: UInt64 = 0

        /// Epochs on their way of which the time is known; an older one is not counted.
        private static let cutTimeCount = 64

        mutating func takeLastCost() -> EpochCost? {
            defer { lastCost = nil }
            return lastCost
        }

        mutating func noteCut(_ epoch: UInt64, at nanoseconds: UInt64) {
            cutTimes[Int(epoch % UInt64(State.cutTimeCount))] = nanoseconds
        }

        mutating func noteCommitted(upTo epoch: UInt64, at nanoseconds: UInt64) {
            guard epoch > committed else { return }
            let first = max(committed + 1, epoch - min(epoch, UInt64(State.cutTimeCount) - 1))
            for number in first...epoch {
                let cut = cutTimes[Int(number % UInt64(State.cutTimeCount))]
                if cut != 0, nanoseconds > cut { commits.add(nanoseconds - cut) }
            }
            committed = epoch
        }
    }

    let state = Mutex(State())
}

/// A histogram of values with a relative error of at most 1/32: buckets of equal width within each power of two, as
/// HdrHistogram has them (Tene). 64 × 32 counters, allocated once.
struct Distribution: Sendable {
    private static let subBucketCount = 32
    private static let subBucketBits = 5

    private var counts = [UInt64](repeating: 0, count: 64 * Distribution.subBucketCount)
    private(set) var count: UInt64 = 0
    private(set) var maximum: UInt64 = 0

    mutating func add(_ value: UInt64) {
        counts[Distribution.index(of: value)] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// The smallest value that at least `fraction` of all are no larger than, up to the bucket's width; 0 for none.
    func quantile(_ fraction: Double) -> UInt64 {
        if count == 0 { return 0 }
        let wanted = max(1, UInt64((Double(count) * fraction).rounded(.up)))
        var seen: UInt64 = 0
        for (index, number) in counts.enumerated() where number > 0 {
            seen += number
            if seen >= wanted { return min(Distribution.upperEdge(of: index), maximum) }
        }
        return maximum
    }

    private static func index(of value: UInt64) -> Int {
        if value < UInt64(subBucketCount) { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        let shift = exponent - subBucketBits
        return (shift + 1) * subBucketCount + Int(value >> UInt64(shift)) - subBucketCount
    }

    private static func upperEdge(of index: Int) -> UInt64 {
        if index < subBucketCount { return UInt64(index) }
        let shift = index / subBucketCount - 1
        let lower = UInt64(index % subBucketCount + subBucketCount) << UInt64(shift)
        return lower + (1 << UInt64(shift)) - 1
    }
}
