import Glibc

/// An ELF file's bytes, read at any place: nil where they end.
struct ElfBytes {
    private let bytes: UnsafeRawBufferPointer

    private static let magic: UInt32 = 0x464c_457f

    /// Nil for anything but a file of 64 bits, little-endian.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        guard load(UInt32.self, at: 0) == ElfBytes.magic, load(UInt16.self, at: 4) == 0x0102 else { return nil }
    }

    @inline(__always)
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: UInt64) -> Value? {
        guard holds(offset, UInt64(MemoryLayout<Value>.size)) else { return nil }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: Int(offset), as: Value.self))
    }

    func holds(_ offset: UInt64, _ byteCount: UInt64) -> Bool {
        offset <= UInt64(bytes.count) && byteCount <= UInt64(bytes.count) - offset
    }

    /// The bytes from `offset` to the next NUL, which has to come before `end`; nil where it does not, and for more
    /// than `limit`.
    func text(at offset: UInt64, before end: UInt64, limit: Int) -> UnsafeRawBufferPointer? {
        guard offset < end, end <= UInt64(bytes.count) else { return nil }
        let last = min(Int(end), Int(offset) + limit + 1)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<last])
        guard let start = rest.baseAddress, let found = memchr(start, 0, rest.count) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: found - UnsafeMutableRawPointer(mutating: start))
    }
}
