/// Socket addresses.
enum SocketAddressText {
    static func append(_ fields: UnsafeRawBufferPointer, _ hex: TraceText.HexStrings, _ text: inout TraceText) {
        guard fields.count >= 2 else { return text.append(quoted: fields, hex) }
        text.append("{sa_family=")
        let family = fields.uint16(0)
        NameTable.protocolFamily.append(UInt64(family), &text)
        switch family {
        case 1 where fields.count > 2: appendUnix(fields.part(2, fields.count), hex, &text)
        case 2 where fields.count >= 8: appendInternet(fields, &text)
        case 10 where fields.count >= 24: appendInternet6(fields, &text)
        case 16 where fields.count >= 12: appendNetlink(fields, &text)
        default:
            if fields.count > 2 {
                text.append(", sa_data=")
                text.append(quoted: fields.part(2, fields.count), hex)
            }
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private static func appendUnix(
        _ path: UnsafeRawBufferPointer, _ hex: TraceText.HexStrings, _ text: inout TraceText
    ) {
        text.append(", sun_path=")
        if path[0] != 0 { return text.append(quoted: path.beforeNul, hex) }
        text.append(byte: UInt8(ascii: "@"))
        text.append(quoted: path.part(1, path.count), hex)
    }

    private static func appendInternet(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(", sin_port=htons(")
        text.append(decimal: UInt64(fields.big16(2)))
        text.append("), sin_addr=inet_addr(\"")
        append(dotted: fields.part(4, 4), &text)
        text.append("\")")
    }

    static func append(dotted bytes: UnsafeRawBufferPointer, _ text: inout TraceText) {
        for index in 0..<bytes.count {
            if index > 0 { text.append(byte: UInt8(ascii: ".")) }
            text.append(decimal: UInt64(bytes[index]))
        }
    }

    private static func appendInternet6(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(", sin6_port=htons(")
        text.append(decimal: UInt64(fields.big16(2)))
        text.append("), sin6_flowinfo=htonl(")
        text.append(decimal: UInt64(fields.uint32(4).byteSwapped))
        text.append("), inet_pton(AF_INET6, \"")
        append(groups: fields.part(8, 16), &text)
        text.append("\", &sin6_addr)")
        guard fields.count >= 28 else { return }
        text.append(", sin6_scope_id=")
        text.append(decimal: UInt64(fields.uint32(24)))
    }

    /// An IPv6 address: its longest run of zeros is left out.
    private static func append(groups bytes: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let zeros = longestZeros(bytes)
        // An IPv4 address in an IPv6 one.
        let isMapped = zeros == 0..<5 && bytes.big16(10) == 0xFFFF || zeros == 0..<6 && bytes.big16(12) != 0
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                text.append("::")
                index = zeros.upperBound
                continue
            }
            if index == 6, isMapped {
                if index > zeros.upperBound { text.append(byte: UInt8(ascii: ":")) }
                return append(dotted: bytes.part(12, 4), &text)
            }
            if index > 0, index != zeros.upperBound || zeros.isEmpty { text.append(byte: UInt8(ascii: ":")) }
            text.append(hexDigits: UInt64(bytes.big16(index * 2)), width: 1)
            index += 1
        }
    }

    private static func longestZeros(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || bytes.big16(index * 2) != 0 {
            if index - start > longest.count, index - start > 1 { longest = start..<index }
            start = index + 1
        }
        return longest
    }

    private static func appendNetlink(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        if fields.uint16(2) != 0 {
            text.append(", nl_pad=")
            text.append(hex: UInt64(fields.uint16(2)))
        }
        text.append(", nl_pid=")
        text.append(signed: Int64(fields.int32(4)))
        text.append(", nl_groups=")
        if fields.uint32(8) != 0 { text.append("0x") }
        text.append(hexDigits: UInt64(fields.uint32(8)), width: 8)
    }
}
