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
///
/// Inlinable, as the generic ones are made for their types only where their code is seen: without that a mirror spent a
/// third of its time between an epoch's arrival and its acknowledgement on looking up metadata.
public struct RecordReader: Sendable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var place = 0

    @inlinable
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    @inlinable public var offset: Int { place }
    @inlinable public var remaining: Int { bytes.count - place }

    @inlinable
    public mutating func get<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(RecordError) -> Value {
        let byteCount = MemoryLayout<Value>.size
        guard remaining >= byteCount else { throw .isCutShort }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Value.self) }
        place += byteCount
        return Value(littleEndian: value)
    }

    @inlinable
    public mutating func getFlag() throws(RecordError) -> Bool {
        switch try get(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .isMalformed
        }
    }

    @inlinable
    public mutating func getBytes() throws(RecordError) -> [UInt8] {
        let count = Int(try get(UInt32.self))
        return try getRaw(count)
    }

    @inlinable
    public mutating func getText() throws(RecordError) -> String {
        String(decoding: try getBytes(), as: UTF8.self)
    }

    @inlinable
    public mutating func getRaw(_ count: Int) throws(RecordError) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw .isCutShort }
        let run = Array(bytes[place..<(place + count)])
        place += count
        return run
    }

    @inlinable
    public mutating func getOptional<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(RecordError) -> Value? {
        try getFlag() ? try get(type) : nil
    }

    @inlinable
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
    @inlinable
    public func finish() throws(RecordError) {
        if remaining != 0 { throw .hasExcess }
    }
}
