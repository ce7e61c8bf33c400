import SyscallShapes

/// Vectors of buffers and of strings, and messages.
extension CallWriter {
    /// I/O vectors, with what is in them as far as it was captured.
    ///
    /// A call that read has filled `byteCount` bytes of them, one after the other.
    func appendRanges(
        _ content: MemoryContent, _ address: UInt64, _ count: Int, _ byteCount: Int, _ memory: CapturedMemory,
        _ text: inout TraceText
    ) {
        guard address != 0 else { return text.append("NULL") }
        let shown = options.isUnabbreviated ? min(count, 1024) : min(count, options.stringByteCount)
        if shown == 0 { return text.append("[]") }
        guard let ranges = memory.bytes(at: address, count: shown * 16) else { return text.append(address: address) }
        var rest = isRead ? byteCount : Int.max
        text.append(byte: UInt8(ascii: "["))
        for offset in stride(from: 0, to: ranges.count, by: 16) {
            if offset > 0 { text.append(", ") }
            let length = ranges.uint64(offset + 8)
            let filled = min(Int(clamping: length), rest)
            rest -= filled
            text.append("{iov_base=")
            if content == .remoteRange || isRead && isWithoutOutput {
                text.append(address: ranges.uint64(offset))
            } else {
                appendBytes(ranges.uint64(offset), filled, memory, options.hexStrings, &text)
            }
            text.append(", iov_len=")
            text.append(decimal: length)
            text.append(byte: UInt8(ascii: "}"))
        }
        if shown < count { text.append(", ...") }
        text.append(byte: UInt8(ascii: "]"))
    }

    /// Whether the call fills buffers.
    private var isRead: Bool {
        for index in 0..<argumentCount {
            if case .output = kind(index) { return true }
        }
        return false
    }

    func appendMessages(
        _ content: MemoryContent, _ address: UInt64, _ count: Int, _ memory: CapturedMemory, _ text: inout TraceText
    ) {
        if content == .messageHeader {
            guard let fields = memory.bytes(at: address, count: 56) else { return text.append(address: address) }
            return appendMessage(fields, address, max(call.result ?? 0, 0), memory, &text)
        }
        let all = isRead ? min(max(call.result ?? 0, 0), count) : count
        let shown = options.isUnabbreviated ? all : min(all, options.stringByteCount)
        guard let bytes = memory.bytes(at: address, count: shown * 64) else {
            return text.append(address: address)
        }
        text.append(byte: UInt8(ascii: "["))
        for index in 0..<shown {
            let fields = bytes.part(index * 64, 64)
            if index > 0 { text.append(", ") }
            text.append("{msg_hdr=")
            appendMessage(fields, 0, Int(fields.uint32(56)), memory, &text)
            if call.result != nil {
                text.append(", msg_len=")
                text.append(decimal: UInt64(fields.uint32(56)))
            }
            text.append(byte: UInt8(ascii: "}"))
        }
        if shown < all { text.append(", ...") }
        text.append(byte: UInt8(ascii: "]"))
    }

    /// A struct msghdr.
    private func appendMessage(
        _ fields: UnsafeRawBufferPointer, _ address: UInt64, _ byteCount: Int, _ memory: CapturedMemory,
        _ text: inout TraceText
    ) {
        let length = fields.int32(8)
        text.append("{msg_name=")
        if length > 0, let name = memory.bytes(at: fields.uint64(0), count: min(Int(length), 128)) {
            SocketAddressText.append(name, options.hexStrings, &text)
        } else {
            text.append(address: fields.uint64(0))
        }
        text.append(", msg_namelen=")
        let before = isRead && address != 0 ? call.entry.load(Int32.self, at: address &+ 8) : nil
        text.append(signed: Int64(before ?? length))
        if let before, before != length {
            text.append(" => ")
            text.append(signed: Int64(length))
        }
        text.append(", msg_iov=")
        appendRanges(.ioVector, fields.uint64(16), Int(clamping: fields.uint64(24)), byteCount, memory, &text)
        text.append(", msg_iovlen=")
        text.append(decimal: fields.uint64(24))
        if fields.uint64(40) != 0 {
            text.append(", msg_control=")
            ControlText.append(fields.uint64(32), fields.uint64(40), memory, options.hexStrings, &text)
        }
        text.append(", msg_controllen=")
        text.append(decimal: fields.uint64(40))
        text.append(", msg_flags=")
        NameTable.messageFlags.append(UInt64(fields.uint32(48)), &text)
        text.append(byte: UInt8(ascii: "}"))
    }

    /// Program arguments.
    func appendVector(_ address: UInt64, _ memory: CapturedMemory, _ text: inout TraceText) {
        guard let pointers = memory.bytes(at: address), pointers.count >= 8 else {
            return text.append(address: address)
        }
        text.append(byte: UInt8(ascii: "["))
        for offset in stride(from: 0, through: pointers.count - 8, by: 8) {
            let pointer = pointers.uint64(offset)
            if pointer == 0 { break }
            if offset > 0 { text.append(", ") }
            if offset / 8 >= options.stringByteCount, !options.isUnabbreviated {
                text.append("...")
                break
            }
            appendString(pointer, limit: options.stringByteCount, &text)
        }
        text.append(byte: UInt8(ascii: "]"))
    }

    /// The environment: where it is, and how many strings.
    func appendEnvironment(_ address: UInt64, _ memory: CapturedMemory, _ text: inout TraceText) {
        guard let count = memory.entryCount(at: address) else {
            return options.isUnabbreviated ? appendVector(address, memory, &text) : text.append(address: address)
        }
        text.append(address: address)
        text.append(" /* ")
        text.append(decimal: UInt64(count))
        text.append(count == 1 ? " var */" : " vars */")
    }
}
