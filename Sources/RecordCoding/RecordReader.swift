/// Why bytes are not the record that they should be.
public enum RecordError: Error, Equatable, Sendable {
    /// They end too early.
    case isCutShort
    /// A value that nothing could have written: a flag of 7, an unknown kind.
    case isMalformed
    /// More follows the record's end.
    case hasExcess
}

/// Reads what `RecordWriter` has written. Every bound is checked, and nothing is allocated for a length that the bytes
/// at hand cannot hold: they may come from a damaged link.
public struct RecordReader: Sendable {
    private let bytes: [UInt8]
    public private(set) var offset = 0

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public var remaining: Int { bytes.count - offset }

    public mutating func get<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(RecordError) -> Value {
        let byteCount = MemoryLayout<Value>.size
        guard remaining >= byteCount else { throw .isCutShort }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
        offset += byteCount
        return Value(littleEndian: value)
    }

    public mutating func getFlag() throws(RecordError) -> Bool {
        switch try get(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .isMalformed
        }
    }

    public mutating func getBytes() throws(RecordError) -> [UInt8] {
        let count = Int(try get(UInt32.self))
        return try getRaw(count)
    }

    public mutating func getText() throws(RecordError) -> String {
        String(decoding: try getBytes(), as: UTF8.self)
    }

    public mutating func getRaw(_ count: Int) throws(RecordError) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw .isCutShort }
        let run = Array(bytes[offset..<(offset + count)])
        offset += count
        return run
    }

    public mutating func getOptional<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(RecordError) -> Value? {
        try getFlag() ? try get(type) : nil
    }

    public mutating func getAll<Element>(
        _ read: (inout RecordReader) throws(RecordError) -> Element
    ) throws(RecordError) -> [Element] {
        let count = Int(try get(UInt32.self))
        var values: [Element] = []
        // Every element takes a byte at least, so that a damaged count cannot make this allocate for ever.
        guard count <= remaining else { throw .isCutShort }
        values.reserveCapacity(min(count, 4096))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    /// Says that the record is over; anything left is an error.
    public func finish() throws(RecordError) {
        if remaining != 0 { throw .hasExcess }
    }
}
