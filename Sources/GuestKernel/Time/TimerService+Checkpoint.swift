import Glibc
import GuestMemory
import Synchronization

extension TimerService {
    /// The timers at a checkpoint; the guest is stopped. `body` takes the pending signals in the same moment, so that
    /// no timer's end is lost between its record and its signal, or in both: none is on its way, and none can begin.
    ///
    /// The only place where the signal table's lock is taken under this one.
    func atCheckpoint<Result>(_ kernel: GuestKernel, _ body: (TimerServiceRecord) -> Result) -> Result {
        let readings = processorReadings(kernel)
        while true {
            settle()
            let result = state.withLock { state -> Result? in
                guard isFiring.load(ordering: .sequentiallyConsistent) == 0 else { return nil }
                return body(record(of: state, readings))
            }
            if let result { return result }
        }
    }

    /// What the processor clocks of armed timers show. Not under the lock: finding a thread takes its list's.
    private func processorReadings(_ kernel: GuestKernel) -> [TimerClock: UInt64] {
        let clocks = state.withLock { state in
            state.timers.isEmpty ? [] : Set(state.timers.values.lazy.map(\.clock).filter { $0 != .monotonic })
        }
        var readings: [TimerClock: UInt64] = [:]
        for clock in clocks { readings[clock] = kernel.nanoseconds(of: clock) }
        return readings
    }

    private func record(of state: borrowing State, _ readings: [TimerClock: UInt64]) -> TimerServiceRecord {
        if state.timers.isEmpty { return TimerServiceRecord(timers: [], nextIdentity: state.nextIdentity) }
        var timers = state.timers.values.sorted { $0.identity < $1.identity }
        for index in timers.indices where timers[index].clock != .monotonic {
            guard let deadline = timers[index].deadlineNanoseconds else { continue }
            let reading = readings[timers[index].clock] ?? 0
            timers[index].deadlineNanoseconds = deadline > reading ? deadline - reading : 0
        }
        return TimerServiceRecord(timers: timers, nextIdentity: state.nextIdentity)
    }

    /// Takes over timers from a record. The helper is started with the threads.
    func restore(_ record: TimerServiceRecord, _ kernel: GuestKernel) {
        var timers: [Int32: SignalTimer] = [:]
        for timer in record.timers {
            var timer = timer
            if timer.clock != .monotonic, let left = timer.deadlineNanoseconds {
                // A thread that has not run yet has no clock; it begins at 0.
                let now = kernel.nanoseconds(of: timer.clock) ?? 0
                timer.deadlineNanoseconds = min(now.addingSaturated(left), UInt64(Int64.max))
            }
            timers[timer.identity] = timer
        }
        state.withLock { state in
            state.timers = timers
            state.nextIdentity = record.nextIdentity
        }
    }

    /// Starts the helper where a timer is to end. 0 or an errno.
    func resume(_ kernel: GuestKernel) -> Int32 {
        let isNeeded = state.withLock { state in state.timers.values.contains { $0.isWatched } }
        return isNeeded ? startHelper(kernel) : 0
    }
}
