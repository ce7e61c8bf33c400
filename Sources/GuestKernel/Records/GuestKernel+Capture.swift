public import RecordCoding
import Synchronization

extension GuestKernel {
    /// The state of the guest's kernel as records, but for the layout of its memory, which the address space has.
    ///
    /// The guest has been started and is stopped: every thread is parked or waits, and what a waiting one has done so
    /// far is in its waiter's record.
    public func capture() -> RecordSet {
        var records: [RecordSet.Entry] = []
        records.reserveCapacity(lastRecordCount + GuestKernel.newRecordCount)
        records.append(.init(.process, ProcessRecord(of: self).encoded()))
        records.append(.init(.process, number: ProcessRecord.programNumber, programRecord))
        records.append(.init(.clock, ClockRecord(of: clock).encoded()))
        records.append(.init(.futexes, futexes.record.encoded()))
        records.append(.init(.callSites, callSites.encoded))
        records.append(.init(.children, children.record(identity).encoded()))
        captureSignalsAndThreads(into: &records)
        ObjectCapture.capture(self, into: &records)
        lastRecordCount = records.count
        return RecordSet(unsorted: records)
    }

    /// So many records more than last time need no second allocation.
    private static let newRecordCount = 16

    private func captureSignalsAndThreads(into records: inout [RecordSet.Entry]) {
        let stopped = threads.snapshot()
        // Signals still come from outside and from timers: one moment is taken for all that they change.
        let (timerRecord, signalRecord, threadSignals) = timers.atCheckpoint { timerRecord in
            signals.state.withLock { state in
                (timerRecord, SignalRecord(of: state), stopped.map(\.signals))
            }
        }
        records.append(.init(.timers, timerRecord.encoded()))
        records.append(.init(.signals, signalRecord.encoded()))
        for (thread, signals) in zip(stopped, threadSignals) {
            records.append(
                .init(.thread, number: UInt64(thread.tid), thread.encodedRecord(signals)))
        }
    }

    /// How the guest has ended, if it has. The last thread leaves the list before it says so.
    var endAtCheckpoint: GuestEnd? {
        if let end = knownEnd { return end }
        return threads.count == 0 ? .exited(threads.lastExitStatus) : nil
    }
}
