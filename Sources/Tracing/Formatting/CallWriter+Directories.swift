import SyscallShapes

/// What getdents reads.
extension CallWriter {
    /// Where a directory's entries are, and how many; or the entries.
    func appendDirectory(_ content: MemoryContent, _ address: UInt64, _ memory: CapturedMemory, _ text: inout TraceText)
    {
        let count = max(call.result ?? 0, 0)
        if options.isUnabbreviated, count == 0 { return text.append("[]") }
        if options.isUnabbreviated, let bytes = memory.bytes(at: address, count: count) {
            return appendEntries(content, bytes, &text)
        }
        text.append(address: address)
        guard let entryCount = memory.entryCount(at: address) else { return }
        text.append(" /* ")
        text.append(decimal: UInt64(entryCount))
        text.append(" entries */")
    }

    private func appendEntries(
        _ content: MemoryContent, _ bytes: UnsafeRawBufferPointer, _ text: inout TraceText
    ) {
        text.append(byte: UInt8(ascii: "["))
        var offset = 0
        while offset + 19 <= bytes.count {
            let length = Int(bytes.uint16(offset + 16))
            if length < 19 || length > bytes.count - offset { break }
            if offset > 0 { text.append(", ") }
            appendEntry(content, bytes.part(offset, length), &text)
            offset += length
        }
        text.append(byte: UInt8(ascii: "]"))
    }

    private func appendEntry(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        // The old form has the type behind the name, in its last byte.
        let isOld = content == .oldDirectoryEntries
        text.append("{d_ino=")
        text.append(decimal: fields.uint64(0))
        text.append(", d_off=")
        text.append(decimal: fields.uint64(8))
        text.append(", d_reclen=")
        text.append(decimal: UInt64(fields.uint16(16)))
        if !isOld { appendType(fields[18], &text) }
        text.append(", d_name=")
        text.append(quoted: fields.part(isOld ? 18 : 19, fields.count).beforeNul, options.hexStrings)
        if isOld { appendType(fields[fields.count - 1], &text) }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendType(_ type: UInt8, _ text: inout TraceText) {
        text.append(", d_type=")
        NameTable.directoryEntryTypes.append(UInt64(type), &text)
    }
}
