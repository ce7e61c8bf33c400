/// The snippets that were captured for a call, to be looked up by address. Believes nothing: what makes no sense ends
/// the list.
public struct CapturedMemory {
    private let bytes: UnsafeRawBufferPointer

    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Nothing captured.
    public init() {
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    public var isEmpty: Bool { bytes.isEmpty }

    /// One snippet, and where the next begins.
    private struct Snippet {
        var address: UInt64
        var kind: UInt32
        var content: UnsafeRawBufferPointer
        var end: Int
    }

    @inline(__always)
    private func snippet(at offset: Int) -> Snippet? {
        guard offset + SnippetWriter.headerByteCount <= bytes.count else { return nil }
        let start = offset + SnippetWriter.headerByteCount
        let address = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let header = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
        let count = Int(header & 0xFFFF_FFFF)
        guard count <= bytes.count - start else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
        return Snippet(
            address: address, kind: UInt32(truncatingIfNeeded: header >> 32), content: content,
            end: start + (count + 7) & ~7)
    }

    /// What was captured from `address` on, at least so many bytes: what begins there, or the rest of what lies around
    /// it.
    public func bytes(at address: UInt64, least: Int = 1) -> UnsafeRawBufferPointer? {
        var offset = 0
        while let snippet = snippet(at: offset) {
            let distance = address &- snippet.address
            if snippet.kind == SnippetKind.memory.rawValue, distance < UInt64(snippet.content.count),
                snippet.content.count - Int(distance) >= least
            {
                return UnsafeRawBufferPointer(rebasing: snippet.content[Int(distance)...])
            }
            offset = snippet.end
        }
        return nil
    }

    /// `count` bytes at `address`; nil where not all of them were captured.
    public func bytes(at address: UInt64, count: Int) -> UnsafeRawBufferPointer? {
        guard count > 0, let found = bytes(at: address, least: count) else { return nil }
        return UnsafeRawBufferPointer(rebasing: found[..<count])
    }

    /// A number that lies at `address`.
    public func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at address: UInt64) -> Value? {
        guard let found = bytes(at: address, count: MemoryLayout<Value>.size) else { return nil }
        return Value(littleEndian: found.loadUnaligned(as: type))
    }

    /// The path of a descriptor; nil where none was noted.
    public func path(ofDescriptor descriptor: Int32) -> UnsafeRawBufferPointer? {
        find(.descriptorPath, UInt64(bitPattern: Int64(descriptor)))
    }

    /// How many entries the directory buffer at `address` has.
    public func entryCount(at address: UInt64) -> UInt32? {
        guard let found = find(.entryCount, address), found.count >= 4 else { return nil }
        return UInt32(littleEndian: found.loadUnaligned(as: UInt32.self))
    }

    /// The stack that the call was made from; nil where it was not walked.
    public var stack: UnsafeRawBufferPointer? { find(.stack, 0) }

    /// The mask that rt_sigreturn puts in force.
    public var signalMask: UInt64? {
        guard let found = find(.signalMask, 0), found.count >= 8 else { return nil }
        return UInt64(littleEndian: found.loadUnaligned(as: UInt64.self))
    }

    private func find(_ kind: SnippetKind, _ address: UInt64) -> UnsafeRawBufferPointer? {
        var offset = 0
        while let snippet = snippet(at: offset) {
            if snippet.kind == kind.rawValue, snippet.address == address { return snippet.content }
            offset = snippet.end
        }
        return nil
    }
}
