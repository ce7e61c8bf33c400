import Glibc

/// Turns records' times into nanoseconds.
///
/// The CPU's counter runs at an even rate that nobody says: it is measured between the reader's start and now.
public struct TraceClock {
    /// One moment by all three.
    private struct Sample {
        var counter: UInt64
        var monotonicNanoseconds: UInt64
        var realNanoseconds: UInt64
    }

    private let readCounter: () -> UInt64
    private let first: Sample
    private var latest: Sample
    private var nanosecondsPerTick: Double

    /// A rate from a shorter time would be off by more than a part in ten thousand.
    private static let baselineNanoseconds: UInt64 = 5_000_000
    private static let refreshNanoseconds: UInt64 = 1_000_000_000

    /// `readCounter` reads what records have as their time.
    public init(_ readCounter: @escaping () -> UInt64) {
        self.readCounter = readCounter
        first = TraceClock.sample(readCounter)
        latest = first
        nanosecondsPerTick = 0
    }

    /// Measures the rate anew when that is due; for each batch of records. The first time it may sleep some
    /// milliseconds.
    public mutating func refresh() {
        let now = TraceClock.nanoseconds(of: CLOCK_MONOTONIC)
        if nanosecondsPerTick > 0, now &- latest.monotonicNanoseconds < TraceClock.refreshNanoseconds { return }
        let age = now &- first.monotonicNanoseconds
        if age < TraceClock.baselineNanoseconds { usleep(UInt32((TraceClock.baselineNanoseconds - age) / 1000) + 1) }
        latest = TraceClock.sample(readCounter)
        let ticks = Double(latest.counter &- first.counter)
        let elapsed = Double(latest.monotonicNanoseconds &- first.monotonicNanoseconds)
        nanosecondsPerTick = ticks > 0 ? elapsed / ticks : 1
    }

    /// CLOCK_REALTIME in nanoseconds at a record's time.
    @inline(__always)
    public func realNanoseconds(at time: UInt64) -> UInt64 {
        let ticks = Double(Int64(bitPattern: time &- latest.counter))
        return latest.realNanoseconds &+ UInt64(bitPattern: Int64(ticks * nanosecondsPerTick))
    }

    /// The nanoseconds between two records' times.
    @inline(__always)
    public func nanoseconds(from start: UInt64, to end: UInt64) -> UInt64 {
        guard end > start else { return 0 }
        return UInt64(Double(end - start) * nanosecondsPerTick)
    }

    /// Whoever is interrupted between two clocks takes them for the same moment: the quickest of some tries counts.
    private static func sample(_ readCounter: () -> UInt64) -> Sample {
        var best: (sample: Sample, ticks: UInt64)?
        for _ in 0..<sampleCount {
            let before = readCounter()
            let monotonic = nanoseconds(of: CLOCK_MONOTONIC)
            let real = nanoseconds(of: CLOCK_REALTIME)
            let ticks = readCounter() &- before
            if let best, best.ticks <= ticks { continue }
            let counter = before &+ ticks / 2
            best = (Sample(counter: counter, monotonicNanoseconds: monotonic, realNanoseconds: real), ticks)
        }
        return best!.sample
    }

    private static let sampleCount = 5

    private static func nanoseconds(of clock: Int32) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
