import Synchronization

extension TimerService {
    /// The timers at a checkpoint; the guest is stopped. `body` takes the pending signals in the same moment, so that
    /// no timer's end is lost between its record and its signal, or in both: none is on its way, and none can begin.
    ///
    /// The only place where the signal table's lock is taken under this one.
    func atCheckpoint<Result>(_ body: (TimerServiceRecord) -> Result) -> Result {
        state.withLock { $0.isHeld = true }
        settle()
        return state.withLock { state in
            state.isHeld = false
            let timers = state.timers.values.sorted { $0.identity < $1.identity }
            return body(TimerServiceRecord(timers: timers, nextIdentity: state.nextIdentity))
        }
    }

    /// Takes over timers from a record: all count in the guest's own time. The helper is started with the threads.
    func restore(_ record: TimerServiceRecord) {
        state.withLock { state in
            for timer in record.timers { state.timers[timer.identity] = timer }
            state.nextIdentity = record.nextIdentity
        }
    }

    /// Starts the helper where a timer is to end. 0 or an errno.
    func resume(_ kernel: GuestKernel) -> Int32 {
        let isNeeded = state.withLock { state in state.timers.values.contains { $0.isWatched } }
        return isNeeded ? startHelper(kernel) : 0
    }
}
