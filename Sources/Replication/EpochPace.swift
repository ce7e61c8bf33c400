/// What is done about a link that does not keep up: pure, time and the queue's load are passed in.
///
/// Above the limit the next epoch is cut into the one before it that still waits. While that does not help, the time
/// between cuts grows, and then the guest is slowed, one step after the other; once the queue is half empty the steps
/// are taken back in the opposite order. At twice the limit no epoch is cut at all: what the guest writes stays marked
/// as written, which takes no memory.
public struct EpochPace: Sendable {
    public enum Cut: Equatable, Sendable {
        case new
        /// Into the last epoch that waits.
        case merged
        case none
    }

    /// From nothing to the most that is done; each comes with those before it.
    public enum Step: String, Equatable, Sendable {
        case keepingUp = "keeping up"
        case merging = "merging epochs"
        case stretching = "interval stretched"
        case slowing = "guest slowed"
        case full = "no epoch is cut"
    }

    /// How often each step was taken.
    public struct Counts: Equatable, Sendable {
        public var merged: UInt64 = 0
        public var stretched: UInt64 = 0
        public var slowed: UInt64 = 0
        public var recovered: UInt64 = 0

        public init() {}
    }

    public let limitByteCount: Int
    public private(set) var counts = Counts()
    /// 0 while the link keeps up.
    public private(set) var level = 0
    private var lastStepNanoseconds: UInt64 = 0

    /// Time between two steps, either way: long enough to see what the one before has done.
    public static let stepNanoseconds: UInt64 = 100_000_000
    /// Each stretching level doubles the interval, up to 64 times.
    public static let stretchLevelCount = 6
    /// The longest interval that stretching comes to; an interval that is longer by itself is left as it is.
    static let stretchedNanosecondsMax: UInt64 = 2_000_000_000
    /// Of each 100 units of time, so many the guest does not run.
    static let slowPercents = [12, 25, 50, 75]
    /// An epoch that has waited for so many intervals without being begun shows that epochs come faster than the link
    /// takes them, long before the queue is full: what it still gets now arrives no later than in one behind it.
    static let patienceIntervals: UInt64 = 4
    static let patienceNanosecondsMin: UInt64 = 100_000_000

    public static var levelMax: Int { stretchLevelCount + slowPercents.count }

    public init(limitByteCount: Int) {
        self.limitByteCount = limitByteCount
    }

    /// The time between cuts where `interval` is wanted.
    public func stretched(_ interval: UInt64) -> UInt64 { EpochPace.stretched(interval, level: level) }

    public static func stretched(_ interval: UInt64, level: Int) -> UInt64 {
        let factor = UInt64(1) << UInt64(min(level, EpochPace.stretchLevelCount))
        if interval >= EpochPace.stretchedNanosecondsMax { return interval }
        return min(interval * factor, EpochPace.stretchedNanosecondsMax)
    }

    /// How much of the time the guest is kept from running.
    public var slowPercent: Int {
        let step = level - EpochPace.stretchLevelCount
        return step > 0 ? EpochPace.slowPercents[step - 1] : 0
    }

    /// Whether output that is held is no reason to cut before the interval is over: it would only wait in the queue.
    public func isCongested(_ load: QueueLoad) -> Bool { load.byteCount > limitByteCount }

    /// What is being done about the link at the moment, for who asks.
    public static func step(_ load: QueueLoad, limitByteCount: Int, level: Int) -> Step {
        if load.byteCount >= 2 * limitByteCount { return .full }
        if level > stretchLevelCount { return .slowing }
        if level > 0 { return .stretching }
        return load.byteCount > limitByteCount ? .merging : .keepingUp
    }

    /// Looks at the queue; often, whether or not an epoch is due.
    public mutating func observe(_ load: QueueLoad, now: UInt64) {
        guard now >= lastStepNanoseconds + EpochPace.stepNanoseconds else { return }
        if load.byteCount > limitByteCount, level < EpochPace.levelMax {
            level += 1
            if level <= EpochPace.stretchLevelCount { counts.stretched += 1 } else { counts.slowed += 1 }
        } else if load.byteCount <= limitByteCount / 2, level > 0 {
            level -= 1
            counts.recovered += 1
        } else {
            return
        }
        lastStepNanoseconds = now
    }

    /// What to do with an epoch that is due.
    public func cut(_ load: QueueLoad, interval: UInt64, now: UInt64) -> Cut {
        if load.byteCount >= 2 * limitByteCount { return .none }
        if load.waitingCount == 0 { return .new }
        if load.byteCount > limitByteCount { return .merged }
        let (wanted, overflow) = interval.multipliedReportingOverflow(by: EpochPace.patienceIntervals)
        let patience = overflow ? UInt64.max : max(wanted, EpochPace.patienceNanosecondsMin)
        return now - load.oldestPutNanoseconds >= patience ? .merged : .new
    }

    /// An epoch was cut into the one before it.
    public mutating func noteMerged() {
        counts.merged += 1
    }
}
