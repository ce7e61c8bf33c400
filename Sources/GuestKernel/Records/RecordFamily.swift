import RecordCoding

/// What a record of the guest's kernel is about. The numbers travel: one that has been given out keeps its meaning.
public enum RecordFamily: UInt8, Sendable, CaseIterable {
    /// Identity, limits, program, working directory and what else there is one of in a process.
    case process = 1
    /// What the guest's own clocks show at the checkpoint.
    case clock = 2
    /// Handlers, and the signals that are pending for the process.
    case signals = 3
    /// A thread; the number is its tid.
    case thread = 4
    /// Timers of setitimer(2) and timer_create(2).
    case timers = 5
    /// The layout of guest memory, in the address space's own encoding.
    case memoryLayout = 6
    /// Who waits on futexes, in the order of arrival.
    case futexes = 7
    /// What is rewritten of the guest's code.
    case callSites = 8
    /// Processes that the guest has started.
    case children = 9

    /// Which open file each descriptor stands for.
    case descriptors = 32
    /// An open file description; the number is its identity.
    case object = 33
    /// What lies in an object at the checkpoint; the number is the description's identity.
    case objectContents = 34
    /// What lies in a pipe at the checkpoint; the number is the pipe's.
    case pipeContents = 35
    /// The numbers that network objects are given next.
    case networkCounters = 36
    /// Segments of System V memory.
    case segments = 37

    /// The key of the family's only record, or of the one with this number.
    public func key(_ number: UInt64 = 0) -> RecordKey {
        RecordKey(family: rawValue, number: number)
    }
}

extension RecordDelta.Change {
    /// The family's only record, or the one with this number.
    init(_ family: RecordFamily, number: UInt64 = 0, _ bytes: [UInt8]) {
        self.init(key: family.key(number), bytes: bytes)
    }
}
