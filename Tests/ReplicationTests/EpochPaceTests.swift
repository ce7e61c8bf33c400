import Replication
import TestSupport
import Testing

@Suite("the pace of epochs")
struct EpochPaceTests {
    private static let limit = 1000
    private static let step = EpochPace.stepNanoseconds
    private static let interval: UInt64 = 25_000_000
    private static let steps = UInt64(EpochPace.levelMax)

    private func load(waiting: Int = 0, begun: Int = 0, since oldest: UInt64 = 0) -> QueueLoad {
        var load = QueueLoad()
        load.waitingByteCount = waiting
        load.waitingCount = waiting > 0 ? 1 : 0
        load.begunByteCount = begun
        load.oldestPutNanoseconds = oldest
        return load
    }

    @Test("an epoch of its own below the limit, merged above it, none at twice the limit")
    func cuts() {
        let pace = EpochPace(limitByteCount: Self.limit)
        func cut(_ load: QueueLoad) -> EpochPace.Cut { pace.cut(load, interval: Self.interval, now: 0) }
        #expect(cut(load()) == .new)
        #expect(cut(load(waiting: 600, begun: 400)) == .new)
        #expect(cut(load(waiting: 601, begun: 400)) == .merged)
        #expect(cut(load(begun: 1999)) == .new)
        #expect(cut(load(waiting: 1000, begun: 999)) == .merged)
        #expect(cut(load(waiting: 1000, begun: 1000)) == .none)
        #expect(cut(load(begun: 2000)) == .none)
    }

    @Test("what has waited for long gets the next cut, however little it is")
    func patience() {
        let pace = EpochPace(limitByteCount: Self.limit)
        let waiting = load(waiting: 1, since: 50)
        #expect(pace.cut(waiting, interval: Self.interval, now: 100_000_049) == .new)
        #expect(pace.cut(waiting, interval: Self.interval, now: 100_000_050) == .merged)
        #expect(pace.cut(waiting, interval: .max, now: .max - 1) == .new)
    }

    @Test("steps are taken one by one, and taken back one by one")
    func ladder() {
        var pace = EpochPace(limitByteCount: Self.limit)
        var now = Self.step
        var intervals: [UInt64] = []
        var percents: [Int] = []
        for _ in 0..<Self.steps + 3 {
            pace.observe(load(begun: Self.limit + 1), now: now)
            pace.observe(load(begun: Self.limit + 1), now: now + Self.step - 1)
            intervals.append(pace.stretched(Self.interval) / Self.interval)
            percents.append(pace.slowPercent)
            now += Self.step
        }
        #expect(intervals.prefix(7) == [2, 4, 8, 16, 32, 64, 64])
        #expect(percents == [0, 0, 0, 0, 0, 0, 12, 25, 50, 75, 75, 75, 75])
        #expect(pace.counts.stretched == 6 && pace.counts.slowed == 4)

        pace.observe(load(begun: Self.limit / 2 + 1), now: now)
        #expect(pace.level == EpochPace.levelMax, "between half and the whole limit nothing changes")
        for _ in 0..<Self.steps {
            pace.observe(load(begun: Self.limit / 2), now: now)
            now += Self.step
        }
        #expect(pace.level == 0 && pace.slowPercent == 0 && pace.counts.recovered == Self.steps)
        #expect(pace.stretched(Self.interval) == Self.interval)
    }

    @Test("an interval is stretched to two seconds, and one that is longer stays")
    func longIntervals() {
        var pace = EpochPace(limitByteCount: Self.limit)
        for number in 1...Self.steps { pace.observe(load(begun: 5000), now: number * Self.step) }
        #expect(pace.stretched(500_000_000) == 2_000_000_000)
        #expect(pace.stretched(3_600_000_000_000) == 3_600_000_000_000)
        #expect(pace.stretched(86_400_000_000_000) == 86_400_000_000_000)
    }

    @Test("what is being done is said in the order of its steps")
    func step() {
        let stretched = EpochPace.stretchLevelCount
        let steps: [(bytes: Int, level: Int, expected: EpochPace.Step)] = [
            (0, 0, .keepingUp), (Self.limit, 0, .keepingUp), (Self.limit + 1, 0, .merging),
            (Self.limit + 1, 1, .stretching), (0, stretched, .stretching), (0, stretched + 1, .slowing),
            (2 * Self.limit - 1, EpochPace.levelMax, .slowing), (2 * Self.limit, 0, .full),
        ]
        for (bytes, level, expected) in steps {
            var load = QueueLoad()
            load.begunByteCount = bytes
            #expect(EpochPace.step(load, limitByteCount: Self.limit, level: level) == expected)
        }
    }

    @Test("no load makes a queue larger than twice the limit and an epoch", arguments: SeededGenerator.seeds(count: 20))
    func bound(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var pace = EpochPace(limitByteCount: Self.limit)
        var queue = QueueLoad()
        var now: UInt64 = 0
        for _ in 0..<5000 {
            now += Self.interval
            pace.observe(queue, now: now)
            let epoch = generator.below(500)
            switch pace.cut(queue, interval: Self.interval, now: now) {
            case .none: break
            case .new:
                queue.waitingCount += 1
                queue.waitingByteCount += epoch
            case .merged: queue.waitingByteCount += epoch
            }
            #expect(queue.byteCount < 2 * Self.limit + 500)
            let sent = generator.below(generator.below(4) == 0 ? 2000 : 50)
            queue.begunByteCount -= min(sent, queue.begunByteCount)
            if queue.begunByteCount == 0, queue.waitingCount > 0 {
                queue.begunByteCount = queue.waitingByteCount / queue.waitingCount
                queue.waitingByteCount -= queue.begunByteCount
                queue.waitingCount -= 1
            }
        }
    }
}

@Suite("the automatic interval")
struct AutomaticIntervalTests {
    private func settled(_ cost: (_ interval: UInt64) -> EpochCost) -> UInt64 {
        var interval = AutomaticInterval()
        for _ in 0..<500 { interval.note(cost(interval.nanoseconds)) }
        return interval.nanoseconds
    }

    @Test("settles where each share is met")
    func shares() {
        #expect(settled { _ in EpochCost(pause: 0, encoding: 0, sending: 0) } <= 1_000_007)
        #expect(settled { _ in EpochCost(pause: 200_000, encoding: 0, sending: 0) } / 10_000 == 400)
        #expect(settled { _ in EpochCost(pause: 0, encoding: 3_000_000, sending: 0) } / 10_000 == 1200)
        #expect(settled { _ in EpochCost(pause: 0, encoding: 0, sending: 80_000_000) } == 100_000_000)
        #expect(settled { _ in EpochCost(pause: .max, encoding: .max, sending: .max) } == 500_000_000)
    }

    @Test("a cost that grows more slowly than the interval has one point of rest")
    func growing() {
        // 50 us, and 2 % of the interval for pages.
        let rest = settled { EpochCost(pause: 50_000 + $0 / 50, encoding: 0, sending: 0) }
        #expect(rest > 1_000_000 && rest < 3_000_000)
    }

    @Test("one odd epoch changes little")
    func smoothing() {
        var interval = AutomaticInterval()
        interval.note(EpochCost(pause: 10_000_000, encoding: 0, sending: 0))
        #expect(interval.nanoseconds < 2 * AutomaticInterval.initialNanoseconds)
    }
}
