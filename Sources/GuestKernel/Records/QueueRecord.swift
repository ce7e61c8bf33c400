import RecordCoding

/// What lies in a pipe, or is still to be received by one end of a socketpair.
struct QueueRecord: Sendable, Equatable {
    /// The packets, or the bytes of a stream as one run.
    var runs: [[UInt8]] = []
    /// A read after the last byte is ECONNRESET once: the other end was closed with bytes unread.
    var endsInReset = false

    var isEmpty: Bool { runs.isEmpty && !endsInReset }

    init() {}

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        runs = try reader.getAll { reader throws(RecordError) in try reader.getBytes() }
        endsInReset = try reader.getFlag()
        try reader.finish()
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 16 + runs.reduce(0) { $0 + 4 + $1.count })
        writer.putAll(runs) { writer, run in writer.put(run) }
        writer.put(endsInReset)
        return writer.bytes
    }
}
