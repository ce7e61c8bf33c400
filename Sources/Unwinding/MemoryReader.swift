/// Reads another's memory: only by copying, which may fail.
///
/// A closure, not a type parameter: code that is generic over another module's type is not specialised for it, and was
/// ten times slower.
public struct MemoryReader: Sendable {
    /// Fills the buffer with what is at the address; false where not all of it can be read.
    public typealias Copy = @Sendable (_ address: UInt64, _ buffer: UnsafeMutableRawBufferPointer) -> Bool

    private let copyBytes: Copy

    public init(_ copy: @escaping Copy) {
        copyBytes = copy
    }

    @inline(__always)
    func copy(_ address: UInt64, to buffer: UnsafeMutableRawBufferPointer) -> Bool {
        copyBytes(address, buffer)
    }

    /// The number at `address`, which need not be aligned; nil where it cannot be read.
    @inline(__always)
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at address: UInt64) -> Value? {
        var value: Value = 0
        let isRead = withUnsafeMutableBytes(of: &value) { copy(address, to: $0) }
        return isRead ? Value(littleEndian: value) : nil
    }
}
