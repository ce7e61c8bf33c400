/// Writes a record as flat bytes: little-endian integers, and runs of bytes behind their length.
///
/// Only for plain values: what is written here is read by `RecordReader` on a machine that does not trust the link.
///
/// Inlinable, as `RecordReader` is: records are written in the guest's pauses.
public struct RecordWriter: Sendable {
    @usableFromInline var written: [UInt8] = []

    @inlinable public var bytes: [UInt8] { written }

    @inlinable
    public init(capacity: Int = 64) {
        written.reserveCapacity(capacity)
    }

    @inlinable
    public mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { written.append(contentsOf: $0) }
    }

    @inlinable
    public mutating func put(_ value: Bool) {
        written.append(value ? 1 : 0)
    }

    /// A run of bytes behind its length of 32 bits.
    @inlinable
    public mutating func put(_ run: [UInt8]) {
        put(UInt32(run.count))
        written.append(contentsOf: run)
    }

    @inlinable
    public mutating func put(_ text: String) {
        put(Array(text.utf8))
    }

    /// Bytes whose number the reader knows.
    @inlinable
    public mutating func putRaw(_ run: UnsafeRawBufferPointer) {
        written.append(contentsOf: run)
    }

    /// A flag, and the value where there is one.
    @inlinable
    public mutating func put(_ value: (some FixedWidthInteger)?) {
        put(value != nil)
        if let value { put(value) }
    }

    /// Values behind their number of 32 bits.
    @inlinable
    public mutating func putAll<Element>(_ values: [Element], _ write: (inout RecordWriter, Element) -> Void) {
        put(UInt32(values.count))
        for value in values { write(&self, value) }
    }
}
