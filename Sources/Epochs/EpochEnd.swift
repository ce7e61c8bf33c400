import RecordCoding

/// The last frame of an epoch: what must have come, and what holds for the whole of it.
public struct EpochEnd: Equatable, Sendable {
    /// What the primary says of an epoch.
    public struct Summary: Equatable, Sendable {
        /// The first epoch carries the whole guest.
        public var isWhole: Bool
        /// Guest monotonic time at the cut.
        public var guestNanoseconds: UInt64
        /// The guest's end, where this is its last epoch: its exit status, or the signal that ended it.
        public var guestEnd: GuestOutcome?

        public init(isWhole: Bool, guestNanoseconds: UInt64, guestEnd: GuestOutcome?) {
            self.isWhole = isWhole
            self.guestNanoseconds = guestNanoseconds
            self.guestEnd = guestEnd
        }
    }

    public enum GuestOutcome: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    public var number: UInt64
    public var summary: Summary
    public var pageCount: UInt64
    /// XXH3 over the checksums of the epoch's frames, in their order.
    var runningChecksum: UInt64

    func write(to writer: inout RecordWriter) {
        writer.put(summary.isWhole)
        writer.put(summary.guestNanoseconds)
        writer.put(pageCount)
        writer.put(runningChecksum)
        switch summary.guestEnd {
        case nil: writer.put(UInt8(0))
        case .exited(let status):
            writer.put(UInt8(1))
            writer.put(status)
        case .signalled(let signal):
            writer.put(UInt8(2))
            writer.put(signal)
        }
    }

    init(number: UInt64, summary: Summary, pageCount: UInt64, runningChecksum: UInt64) {
        self.number = number
        self.summary = summary
        self.pageCount = pageCount
        self.runningChecksum = runningChecksum
    }

    init(number: UInt64, from reader: inout RecordReader) throws(RecordError) {
        self.number = number
        let isWhole = try reader.getFlag()
        let guestNanoseconds: UInt64 = try reader.get()
        pageCount = try reader.get()
        runningChecksum = try reader.get()
        let end: GuestOutcome?
        switch try reader.get(UInt8.self) {
        case 0: end = nil
        case 1: end = .exited(try reader.get())
        case 2: end = .signalled(try reader.get())
        default: throw .isMalformed
        }
        summary = Summary(isWhole: isWhole, guestNanoseconds: guestNanoseconds, guestEnd: end)
        try reader.finish()
    }
}
