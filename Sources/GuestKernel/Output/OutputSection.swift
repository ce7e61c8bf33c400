import RecordCoding

/// What `OutputGate.cut` returns: a list of streams, each with what it held, which `OutputLedger` reads.
public enum OutputSection {
    private static let countByteCount = 4

    /// One section of two that were cut one after the other. A stream that is in both is in it twice, in order.
    public static func joined(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        let counts = [first, second].map { section in
            section.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
        }
        if counts[1] == 0 { return first }
        if counts[0] == 0 { return second }
        var writer = RecordWriter(capacity: first.count + second.count)
        writer.put(counts[0] + counts[1])
        return writer.bytes + first.dropFirst(countByteCount) + second.dropFirst(countByteCount)
    }
}
