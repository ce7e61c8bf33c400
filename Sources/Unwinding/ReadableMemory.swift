/// Memory of another address space, or of another's part of this one: read only by copying, which may fail.
public protocol ReadableMemory {
    /// Fills `buffer` with what is at `address`; false where not all of it can be read.
    func copy(_ address: UInt64, to buffer: UnsafeMutableRawBufferPointer) -> Bool
}

extension ReadableMemory {
    /// The number at `address`, which need not be aligned; nil where it cannot be read.
    @inline(__always)
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at address: UInt64) -> Value? {
        var value: Value = 0
        let isRead = withUnsafeMutableBytes(of: &value) { copy(address, to: $0) }
        return isRead ? Value(littleEndian: value) : nil
    }
}
