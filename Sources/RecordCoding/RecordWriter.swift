/// Writes a record as flat bytes: little-endian integers, and runs of bytes behind their length.
///
/// Only for plain values: what is written here is read by `RecordReader` on a machine that does not trust the link.
public struct RecordWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 64) {
        bytes.reserveCapacity(capacity)
    }

    public mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func put(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// A run of bytes behind its length of 32 bits.
    public mutating func put(_ run: [UInt8]) {
        put(UInt32(run.count))
        bytes.append(contentsOf: run)
    }

    public mutating func put(_ text: String) {
        put(Array(text.utf8))
    }

    /// Bytes whose number the reader knows.
    public mutating func putRaw(_ run: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: run)
    }

    /// A flag, and the value where there is one.
    public mutating func put(_ value: (some FixedWidthInteger)?) {
        put(value != nil)
        if let value { put(value) }
    }

    /// Values behind their number of 32 bits.
    public mutating func putAll<Element>(_ values: [Element], _ write: (inout RecordWriter, Element) -> Void) {
        put(UInt32(values.count))
        for value in values { write(&self, value) }
    }
}
