import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// The thread that waits for timers to end. Its own state is nothing that a mirror would miss.
struct TimerHelper {
    private let kernel: GuestKernel
    private let service: TimerService
    /// Ends to be told, collected under the lock and sent outside.
    private var due: [(info: SignalInfo, target: TimerTarget)] = []
    /// What the clocks of processor time show, by clock; only those that a timer counts by.
    private var readings: [TimerClock: UInt64] = [:]
    /// For how long not to look at processor time because nothing computes.
    private var idlePauseNanoseconds: UInt64 = 0
    private var lastLook: (monotonic: UInt64, processor: UInt64) = (0, 0)

    /// Nobody sees a timer's end sooner: a period shorter than this is counted, not woken for.
    private static let lookIntervalMin: UInt64 = 20_000
    /// Processor time is looked at no more often than this (the kernel itself does at its tick, 1 to 10 ms).
    private static let processorLookIntervalMin: UInt64 = 500_000
    private static let idlePauseMax: UInt64 = 20_000_000

    // linux/prctl.h; not visible to Swift.
    private static let setName: UInt64 = 15
    private static let setTimerSlack: UInt64 = 29

    init(kernel: GuestKernel) {
        self.kernel = kernel
        service = kernel.timers
    }

    mutating func run() {
        nameThread()
        while !kernel.isEnding {
            let seen = service.wakeWord.load(ordering: .sequentiallyConsistent)
            readProcessorClocks()
            let now = kernel.clock.monotonicNanoseconds()
            let nextLook = collect(now)
            fire()
            guard nextLook < UInt64.max else {
                HostFutex.wait(service.wakeWord, while: seen)
                continue
            }
            let afterwards = kernel.clock.monotonicNanoseconds()
            if nextLook > afterwards {
                HostFutex.wait(service.wakeWord, while: seen, timeoutNanoseconds: nextLook - afterwards)
            }
        }
    }

    private func nameThread() {
        var name: [UInt8] = Array("guest-timers".utf8) + [0, 0, 0, 0]
        hostCall(__NR_prctl, TimerHelper.setName, UInt64(address: &name))
        // Sleeps end up to 50 µs late otherwise.
        hostCall(__NR_prctl, TimerHelper.setTimerSlack, 1)
    }

    /// Clocks are read without the lock: finding a thread takes that of the thread list.
    private mutating func readProcessorClocks() {
        readings.removeAll(keepingCapacity: true)
        let clocks = service.state.withLock { state in
            Set(state.timers.values.lazy.filter { $0.isWatched && $0.clock != .monotonic }.map(\.clock))
        }
        if clocks.isEmpty { return }
        for clock in clocks { readings[clock] = kernel.nanoseconds(of: clock) }
        let look = (kernel.clock.monotonicNanoseconds(), kernel.nanoseconds(of: .process) ?? 0)
        // This thread's own looking must not count as the guest's computing.
        let isIdle = look.1 < lastLook.processor + (look.0 - lastLook.monotonic) / 8
        let longer = max(idlePauseNanoseconds * 2, TimerHelper.processorLookIntervalMin)
        idlePauseNanoseconds = isIdle ? min(longer, TimerHelper.idlePauseMax) : 0
        lastLook = look
    }

    /// Takes the ends that have come out of the records. Returns when to look again, `.max` for never.
    private mutating func collect(_ now: UInt64) -> UInt64 {
        service.state.withLock { state in
            if state.isHeld { return now + TimerHelper.lookIntervalMin }
            var nextLook = UInt64.max
            for (identity, record) in state.timers where record.isWatched {
                let reading = record.clock == .monotonic ? now : readings[record.clock]
                guard let reading else { continue }
                var record = record
                if let missed = record.expire(now: reading) {
                    due.append((record.signalInfo(missed: missed), record.target))
                    state.timers[identity] = record
                }
                nextLook = min(nextLook, look(for: record, reading: reading, now: now))
            }
            if !due.isEmpty { service.firings.wrappingAdd(1, ordering: .sequentiallyConsistent) }
            state.nextLookNanoseconds = nextLook
            return nextLook
        }
    }

    /// When a timer can end at the earliest.
    private func look(for record: SignalTimer, reading: UInt64, now: UInt64) -> UInt64 {
        guard let deadline = record.deadlineNanoseconds else { return .max }
        if record.clock == .monotonic { return max(deadline, now + TimerHelper.lookIntervalMin) }
        var left = deadline > reading ? deadline - reading : 0
        if case .thread = record.clock {} else { left /= TimerHelper.processorCount }
        let pause = max(left, TimerHelper.processorLookIntervalMin, idlePauseNanoseconds)
        return now + min(pause, UInt64(Int64.max))
    }

    /// All of them may compute at once.
    private static let processorCount = UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    private mutating func fire() {
        if due.isEmpty { return }
        for end in due { kernel.sendTimerSignal(end.info, end.target) }
        due.removeAll(keepingCapacity: true)
        service.firings.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(service.firings)
    }
}

extension SignalTimer {
    /// Whether the helper has to look at it.
    var isWatched: Bool {
        deadlineNanoseconds != nil && target != .nobody
    }
}
