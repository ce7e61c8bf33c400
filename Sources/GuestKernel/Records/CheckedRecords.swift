public import RecordCoding

/// A mirror's records, of which a kernel could be made as far as that can be told without making it: every record
/// decodes, and they fit together as `KernelRecords` and `ObjectRecords` want it.
///
/// A mirror looks at each epoch's before it acknowledges the epoch, and output waits for that: only what changed is
/// decoded, and of the rest is kept what others are compared with. (Decoding all of a redis with 50 clients took half
/// of the mirror's time.)
public struct CheckedRecords: Sendable {
    public private(set) var records = RecordSet()
    private var threads = ThreadFacts()
    private var objects = ObjectFacts()

    /// Of these there is always one.
    private static let needed: [RecordKey] =
        [
            RecordFamily.process, .clock, .signals, .timers, .futexes, .callSites, .children, .descriptors,
            .networkCounters, .segments,
        ].map { $0.key() } + [RecordFamily.process.key(ProcessRecord.programNumber)]

    public init() {}

    /// Changes the records. After an error they are not to be used any more.
    public mutating func apply(_ delta: RecordDelta) throws(RestoreError) {
        let isFirst = records.count == 0
        records.apply(delta)
        if isFirst || !delta.removed.isEmpty { try requireNeeded() }
        for key in delta.removed { remove(key) }
        for change in delta.changed {
            do throws(RecordError) {
                try note(change)
            } catch {
                throw CheckedRecords.error(change.key, error)
            }
        }
        try threads.check()
        try objects.check(records)
    }

    private func requireNeeded() throws(RestoreError) {
        guard let missing = CheckedRecords.needed.first(where: { records[$0] == nil }) else { return }
        throw RestoreError("the guest's record \(CheckedRecords.name(missing)) is missing")
    }

    private mutating func remove(_ key: RecordKey) {
        switch RecordFamily(rawValue: key.family) {
        case .thread: threads.remove(key.number)
        case .object: objects.remove(key.number)
        case .objectContents: objects.removeContents(key.number)
        default: break
        }
    }

    /// What is unknown here is passed over, as it is when the kernel is made.
    private mutating func note(_ change: RecordDelta.Change) throws(RecordError) {
        let (number, bytes) = (change.key.number, change.bytes)
        guard let family = RecordFamily(rawValue: change.key.family) else { return }
        switch family {
        case .thread: try threads.note(number, bytes)
        case .object: objects.note(try ObjectRecords.description(number, bytes))
        case .objectContents: objects.noteContents(number)
        case .pipeContents: _ = try QueueRecord(decoding: bytes)
        case .process where number == ProcessRecord.programNumber: _ = try GuestProgram(decoding: bytes)
        default: if number == 0 { try noteOnly(family, bytes) }
        }
    }

    /// The only record of its family.
    private mutating func noteOnly(_ family: RecordFamily, _ bytes: [UInt8]) throws(RecordError) {
        switch family {
        case .process: threads.note(try ProcessRecord(decoding: bytes))
        case .clock: _ = try ClockRecord(decoding: bytes)
        case .signals: _ = try SignalRecord(decoding: bytes)
        case .timers: _ = try TimerServiceRecord(decoding: bytes)
        case .futexes: threads.note(try FutexRecord(decoding: bytes))
        case .callSites: _ = try CallSiteRecord(decoding: bytes)
        case .children: _ = try ChildrenRecord(decoding: bytes)
        case .descriptors: objects.note(try DescriptorTableRecord(decoding: bytes))
        case .networkCounters: _ = try ObjectRecords.number(bytes)
        case .segments: objects.note(try SegmentRecord(decoding: bytes))
        case .thread, .object, .objectContents, .pipeContents, .memoryLayout: break
        }
    }

    static func error(_ key: RecordKey, _ error: RecordError) -> RestoreError {
        guard let family = RecordFamily(rawValue: key.family) else { return RestoreError("\(name(key)): \(error)") }
        return RestoreError(family, number: key.number, error)
    }

    private static func name(_ key: RecordKey) -> String {
        let family = RecordFamily(rawValue: key.family).map { "\($0)" } ?? "family \(key.family)"
        return "\(family) \(key.number)"
    }
}
