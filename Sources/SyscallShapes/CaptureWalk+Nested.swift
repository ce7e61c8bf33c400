extension CaptureWalk {
    /// I/O vectors and what lies in them, of which `byteCount` bytes count in all.
    @inlinable
    func captureRanges(_ address: UInt64, _ count: Int, _ byteCount: Int, _ writer: inout SnippetWriter) {
        let size = MemoryContent.ioVector.byteCount
        guard let ranges = writer.capture(address, size * min(count, limits.elementCount), memory) else { return }
        var rest = byteCount
        for offset in stride(from: 0, to: ranges.count, by: size) {
            let length = min(Int(min(ranges.word(offset + 8), 1 << 40)), rest)
            if length == 0 { continue }
            rest -= length
            _ = writer.capture(ranges.word(offset), min(length, limits.stringByteCount), memory)
        }
    }

    @inlinable
    func captureMessage(_ address: UInt64, _ byteCount: Int, _ writer: inout SnippetWriter) {
        guard let message = writer.capture(address, MemoryContent.messageHeader.byteCount, memory) else { return }
        captureParts(message, byteCount, &writer)
    }

    /// As sendmmsg and recvmmsg have them: each message with the number of its bytes behind it.
    @inlinable
    func captureMessages(_ address: UInt64, _ count: Int, _ writer: inout SnippetWriter) {
        let size = MemoryContent.manyMessageHeaders.byteCount
        guard let messages = writer.capture(address, size * min(count, limits.elementCount), memory) else { return }
        for offset in stride(from: 0, to: messages.count, by: size) {
            let message = UnsafeRawBufferPointer(rebasing: messages[offset..<offset + size])
            let received = Int(message.word(56) & 0xFFFF_FFFF)
            captureParts(message, result > 0 && received > 0 ? received : .max, &writer)
        }
    }

    /// The address, the bytes and the ancillary data of a struct msghdr.
    @inlinable
    func captureParts(_ message: UnsafeRawBufferPointer, _ byteCount: Int, _ writer: inout SnippetWriter) {
        let addressLength = Int(message.word(8) & 0xFFFF_FFFF)
        _ = writer.capture(message.word(0), min(addressLength, MemoryContent.socketAddress.byteCountMax), memory)
        captureRanges(message.word(16), Int(min(message.word(24), 1024)), byteCount, &writer)
        let controlLength = Int(min(message.word(40), UInt64(CaptureWalk.controlByteCountMax)))
        _ = writer.capture(message.word(32), controlLength, memory)
    }

    /// The numbers that clone3 leaves for the new thread's parent: its descriptor and its id.
    @inlinable
    func captureCloned(_ fields: UnsafeRawBufferPointer, _ writer: inout SnippetWriter) {
        guard fields.count >= 32 else { return }
        // CLONE_PIDFD, CLONE_PARENT_SETTID
        if fields.word(0) & 0x1000 != 0 { _ = writer.capture(fields.word(8), 4, memory) }
        if fields.word(0) & 0x10_0000 != 0 { _ = writer.capture(fields.word(24), 4, memory) }
    }

    /// Program arguments: pointers up to a null pointer, and the strings.
    @inlinable
    func captureVector(_ address: UInt64, _ writer: inout SnippetWriter) {
        let count = countPointers(address, limits.elementCount)
        guard let pointers = writer.capture(address, count * 8, memory) else { return }
        for offset in stride(from: 0, to: pointers.count, by: 8) where pointers.word(offset) != 0 {
            writer.captureString(pointers.word(offset), limits.stringByteCount + 1, memory)
        }
    }

    /// The environment, of which only the number of strings is shown unless all is wanted.
    @inlinable
    func captureEnvironment(_ address: UInt64, _ writer: inout SnippetWriter) {
        if limits.isUnabbreviated { return captureVector(address, &writer) }
        append(.entryCount, address, UInt32(countPointers(address, 65536) - 1), &writer)
    }

    /// How many pointers there are up to a null pointer, that one included.
    @inlinable
    func countPointers(_ address: UInt64, _ limit: Int) -> Int {
        var count = 1
        while count < limit, let pointer = load(UInt64.self, address &+ UInt64(count - 1) * 8), pointer != 0 {
            count += 1
        }
        return count
    }

    /// A directory buffer: all of it, or only the number of entries, as what is shown says.
    @inlinable
    func captureDirectory(_ address: UInt64, _ byteCount: Int, _ writer: inout SnippetWriter) {
        if limits.isUnabbreviated {
            if writer.capture(address, byteCount, memory) != nil { return }
        }
        var count: UInt32 = 0
        var offset = 0
        // d_reclen, 16 bytes from an entry's start in both forms.
        while offset < byteCount {
            let lengthAddress = address &+ UInt64(offset + 16)
            guard let length = load(UInt16.self, lengthAddress), length > 0 else { return }
            offset += Int(length)
            count += 1
        }
        append(.entryCount, address, count, &writer)
    }

    @inlinable
    func append(_ kind: SnippetKind, _ address: UInt64, _ number: UInt32, _ writer: inout SnippetWriter) {
        withUnsafeBytes(of: number.littleEndian) { _ = writer.append(kind, address, $0) }
    }
}
