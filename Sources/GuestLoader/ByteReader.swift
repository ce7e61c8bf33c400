/// Reads little-endian numbers out of bytes that nobody has checked.
///
/// Every read says whether it lies inside; none traps, whatever the offset.
struct ByteReader {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The byte at `offset`, or nil past the end.
    func uint8(at offset: Int) -> UInt8? { integer(at: offset) }

    /// The 16-bit number at `offset`, or nil where it does not end inside.
    func uint16(at offset: Int) -> UInt16? { integer(at: offset) }

    /// The 32-bit number at `offset`, or nil where it does not end inside.
    func uint32(at offset: Int) -> UInt32? { integer(at: offset) }

    /// The 64-bit number at `offset`, or nil where it does not end inside.
    func uint64(at offset: Int) -> UInt64? { integer(at: offset) }

    private func integer<Value: FixedWidthInteger & UnsignedInteger>(at offset: Int) -> Value? {
        let byteCount = Value.bitWidth / 8
        guard offset >= 0, bytes.count >= byteCount, offset <= bytes.count - byteCount else { return nil }
        var value: Value = 0
        for index in 0..<byteCount {
            value |= Value(bytes[offset + index]) << Value(8 * index)
        }
        return value
    }
}
