import RecordCoding

/// The decoded records of the guest kernel's own families.
struct KernelRecords: Sendable {
    let process: ProcessRecord
    let program: GuestProgram
    let clock: ClockRecord
    let signals: SignalRecord
    let timers: TimerServiceRecord
    let futexes: FutexRecord
    let callSites: CallSiteRecord
    let children: ChildrenRecord
    /// Lowest tid first.
    let threads: [ThreadRecord]

    init(_ records: RecordSet) throws(RestoreError) {
        process = try KernelRecords.decode(records, .process) { bytes throws(RecordError) in
            try ProcessRecord(decoding: bytes)
        }
        program = try KernelRecords.decode(records, .process, number: ProcessRecord.programNumber) {
            bytes throws(RecordError) in try GuestProgram(decoding: bytes)
        }
        clock = try KernelRecords.decode(records, .clock) { bytes throws(RecordError) in
            try ClockRecord(decoding: bytes)
        }
        signals = try KernelRecords.decode(records, .signals) { bytes throws(RecordError) in
            try SignalRecord(decoding: bytes)
        }
        timers = try KernelRecords.decode(records, .timers) { bytes throws(RecordError) in
            try TimerServiceRecord(decoding: bytes)
        }
        futexes = try KernelRecords.decode(records, .futexes) { bytes throws(RecordError) in
            try FutexRecord(decoding: bytes)
        }
        callSites = try KernelRecords.decode(records, .callSites) { bytes throws(RecordError) in
            try CallSiteRecord(decoding: bytes)
        }
        children = try KernelRecords.decode(records, .children) { bytes throws(RecordError) in
            try ChildrenRecord(decoding: bytes)
        }
        threads = try KernelRecords.threads(in: records)
        try ThreadFacts.check(
            hasThreads: !threads.isEmpty, hasEnded: process.end != nil,
            queued: threads.filter(\.isQueued).map(\.tid), waiters: futexes.sortedTids)
    }

    private static func threads(in records: RecordSet) throws(RestoreError) -> [ThreadRecord] {
        var threads: [ThreadRecord] = []
        for record in records.family(RecordFamily.thread.rawValue) {
            let number = record.key.number
            guard let tid = ThreadFacts.tid(number) else {
                throw RestoreError("the guest's record thread \(number) is of no possible thread id")
            }
            do throws(RecordError) {
                threads.append(try ThreadRecord(tid: tid, decoding: record.bytes))
            } catch {
                throw RestoreError(.thread, number: number, error)
            }
        }
        return threads
    }

    private static func decode<Record>(
        _ records: RecordSet, _ family: RecordFamily, number: UInt64 = 0,
        _ decode: ([UInt8]) throws(RecordError) -> Record
    ) throws(RestoreError) -> Record {
        guard let bytes = records[family.key(number)] else {
            throw RestoreError("the guest's record \(family) \(number) is missing")
        }
        do throws(RecordError) {
            return try decode(bytes)
        } catch {
            throw RestoreError(family, number: number, error)
        }
    }
}
