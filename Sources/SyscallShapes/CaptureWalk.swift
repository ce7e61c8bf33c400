/// One call's captures: follows its arguments to the memory that they point to.
@usableFromInline
struct CaptureWalk<Source: CaptureSource> {
    @inlinable static var pathByteCountMax: Int { 4096 }
    /// More ancillary data than that is not looked at.
    @inlinable static var controlByteCountMax: Int { 512 }

    @usableFromInline var arguments: SyscallArguments
    /// 0 before the call.
    @usableFromInline var result: Int
    @usableFromInline var limits: CaptureLimits
    @usableFromInline var memory: Source

    @inlinable
    init(arguments: SyscallArguments, result: Int, limits: CaptureLimits, memory: Source) {
        self.arguments = arguments
        self.result = result
        self.limits = limits
        self.memory = memory
    }

    /// How many elements an argument has.
    @inlinable
    func elements(_ extent: Extent) -> Int {
        switch extent {
        case .one: return 1
        case .fixed(let count): return Int(count)
        case .count(let index): return Int(min(arguments[Int(index)], 1 << 30))
        case .pages(let index): return Extent.pageCount(arguments[Int(index)])
        case .result: return max(result, 0)
        case .pointed(let index): return max(Int(load(Int32.self, arguments[Int(index)]) ?? 0), 0)
        case .interrupted: return Interruption.contains(result) ? 1 : 0
        }
    }

    @inlinable
    func capture(_ content: MemoryContent, _ address: UInt64, _ extent: Extent, _ writer: inout SnippetWriter) {
        guard address != 0 else { return }
        let count = elements(extent)
        switch content {
        case .bytes, .randomBytes: _ = writer.capture(address, min(count, limits.stringByteCount), memory)
        case .path: _ = writer.capture(address, min(count, CaptureWalk.pathByteCountMax), memory)
        case .cloneArguments:
            guard let fields = writer.capture(address, min(count, content.byteCountMax), memory) else { return }
            if result > 0 { captureCloned(fields, &writer) }
        case .socketAddress, .openHow, .cpuMask, .schedulingAttributes:
            _ = writer.capture(address, min(count, content.byteCountMax), memory)
        case .descriptorSet:
            _ = writer.capture(address, min((count + 63) / 64 * 8, content.byteCountMax), memory)
        case .directoryEntries, .oldDirectoryEntries: captureDirectory(address, count, &writer)
        case .stringVector: captureVector(address, &writer)
        case .environment: captureEnvironment(address, &writer)
        case .selectMask:
            guard let mask = writer.capture(address, content.byteCount, memory) else { return }
            _ = writer.capture(mask.word(0), MemoryContent.signalSet.byteCount, memory)
        case .ioVector: captureRanges(address, count, result > 0 ? result : .max, &writer)
        case .messageHeader: captureMessage(address, result > 0 ? result : .max, &writer)
        case .manyMessageHeaders: captureMessages(address, result > 0 ? result : count, &writer)
        // `-s 0` is about arrays: one structure is shown whatever the limit.
        default: _ = writer.capture(address, content.byteCount * min(count, max(limits.elementCount, 1)), memory)
        }
    }

    /// What is there of a nested output before the call: where its bytes will go, and how much room there is.
    @inlinable
    func captureOutline(
        _ content: MemoryContent, _ address: UInt64, _ extent: Extent, _ writer: inout SnippetWriter
    ) {
        let count = content == .ioVector ? min(elements(extent), limits.elementCount) : 1
        _ = writer.capture(address, content.byteCount * count, memory)
    }

    @inlinable
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, _ address: UInt64) -> Value? {
        guard address != 0 else { return nil }
        var value: Value = 0
        let copied = withUnsafeMutableBytes(of: &value) { memory.copy(from: address, into: $0) }
        return copied == MemoryLayout<Value>.size ? value : nil
    }
}

extension UnsafeRawBufferPointer {
    /// The 64-bit word at a byte offset of a captured structure.
    @inlinable
    func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
