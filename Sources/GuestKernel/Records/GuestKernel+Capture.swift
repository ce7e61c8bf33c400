public import RecordCoding
import Synchronization

extension GuestKernel {
    /// The state of the guest's kernel as records, but for the layout of its memory, which the address space has.
    ///
    /// The guest has been started and is stopped: every thread is parked or waits, and what a waiting one has done so
    /// far is in its waiter's record.
    public func capture() -> RecordSet {
        var records = RecordSet()
        records[RecordFamily.process.key()] = ProcessRecord(of: self).encoded()
        records[RecordFamily.process.key(ProcessRecord.programNumber)] = programRecord
        records[RecordFamily.clock.key()] = ClockRecord(of: clock).encoded()
        records[RecordFamily.futexes.key()] = futexes.record.encoded()
        records[RecordFamily.callSites.key()] = callSites.encoded
        records[RecordFamily.children.key()] = children.record(identity).encoded()
        captureSignalsAndThreads(into: &records)
        ObjectCapture.capture(self, into: &records)
        return records
    }

    private func captureSignalsAndThreads(into records: inout RecordSet) {
        let stopped = threads.snapshot()
        // Signals still come from outside and from timers: one moment is taken for all that they change.
        let (timerRecord, signalRecord, threadSignals) = timers.atCheckpoint { timerRecord in
            signals.state.withLock { state in
                (timerRecord, SignalRecord(of: state), stopped.map(\.signals))
            }
        }
        records[RecordFamily.timers.key()] = timerRecord.encoded()
        records[RecordFamily.signals.key()] = signalRecord.encoded()
        for (thread, signals) in zip(stopped, threadSignals) {
            records[RecordFamily.thread.key(UInt64(thread.tid))] = ThreadRecord(of: thread, signals).encoded()
        }
    }

    /// How the guest has ended, if it has. The last thread leaves the list before it says so.
    var endAtCheckpoint: GuestEnd? {
        if let end = knownEnd { return end }
        return threads.count == 0 ? .exited(threads.lastExitStatus) : nil
    }
}
