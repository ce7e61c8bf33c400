import SyscallShapes

/// Ancillary data of messages.
enum ControlText {
    private static let headerByteCount = 16

    /// The messages that lie at `address`.
    static func append(
        _ address: UInt64, _ length: UInt64, _ memory: CapturedMemory, _ hex: TraceText.HexStrings,
        _ text: inout TraceText
    ) {
        guard let bytes = memory.bytes(at: address), bytes.count >= headerByteCount else {
            return text.append(address: address)
        }
        let all = bytes.part(0, Int(clamping: length))
        text.append(byte: UInt8(ascii: "["))
        var offset = 0
        while offset + headerByteCount <= all.count {
            let count = Int(clamping: all.uint64(offset))
            if offset > 0 { text.append(", ") }
            append(all.part(offset, min(count, all.count)), of: all.part(offset, headerByteCount), hex, &text)
            if count < headerByteCount || count > all.count - offset { break }
            offset += (count + 7) & ~7
        }
        text.append(byte: UInt8(ascii: "]"))
    }

    private static func append(
        _ message: UnsafeRawBufferPointer, of header: UnsafeRawBufferPointer, _ hex: TraceText.HexStrings,
        _ text: inout TraceText
    ) {
        let level = header.uint32(8)
        let type = header.uint32(12)
        text.append("{cmsg_len=")
        text.append(decimal: header.uint64(0))
        text.append(", cmsg_level=")
        NameTable.socketLevel.append(UInt64(level), &text)
        text.append(", cmsg_type=")
        if level == 1 { NameTable.controlTypes.append(UInt64(type), &text) } else { text.append(bits: UInt64(type)) }
        let data = message.part(headerByteCount, message.count)
        if !data.isEmpty { append(data, level, type, hex, &text) }
        text.append(byte: UInt8(ascii: "}"))
    }

    private static func append(
        _ data: UnsafeRawBufferPointer, _ level: UInt32, _ type: UInt32, _ hex: TraceText.HexStrings,
        _ text: inout TraceText
    ) {
        text.append(", cmsg_data=")
        switch (level, type) {
        case (1, 1):
            text.append(byte: UInt8(ascii: "["))
            for offset in stride(from: 0, through: data.count - 4, by: 4) {
                if offset > 0 { text.append(", ") }
                text.append(signed: Int64(data.int32(offset)))
            }
            text.append(byte: UInt8(ascii: "]"))
        case (1, 2) where data.count >= 12:
            text.append("{pid=")
            text.append(signed: Int64(data.int32(0)))
            text.append(", uid=")
            text.append(decimal: UInt64(data.uint32(4)))
            text.append(", gid=")
            text.append(decimal: UInt64(data.uint32(8)))
            text.append(byte: UInt8(ascii: "}"))
        default: text.append(quoted: data, hex)
        }
    }
}
