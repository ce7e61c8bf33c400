extension TraceText {
    /// How bytes of strings are shown.
    public enum HexStrings: UInt8, Sendable {
        /// Those that cannot be printed by their C or octal escape.
        case none
        /// All of a string in hexadecimal where one of its bytes cannot be printed (`-x`).
        case unprintable
        /// All (`-xx`).
        case all
    }

    /// The bytes in quotes, escaped as in C.
    public mutating func append(quoted bytes: UnsafeRawBufferPointer, _ hex: HexStrings = .none) {
        append(byte: UInt8(ascii: "\""))
        append(escaped: bytes, hex)
        append(byte: UInt8(ascii: "\""))
    }

    /// The bytes without quotes, escaped as in C.
    mutating func append(escaped bytes: UnsafeRawBufferPointer, _ hex: HexStrings, alsoEscaping special: UInt8 = 0x22) {
        if hex == .all || hex == .unprintable && bytes.contains(where: { !TraceText.isPlain($0) }) {
            for byte in bytes {
                append("\\x")
                append(hexDigits: UInt64(byte), width: 2)
            }
            return
        }
        // An escape has four bytes at most.
        _ = reserve(bytes.count * 4)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte >= 0x20, byte < 0x7F, byte != special, byte != 0x5C {
                append(byte: byte)
            } else {
                append(escape: byte, next: index + 1 < bytes.count ? bytes[index + 1] : 0, special)
            }
            index += 1
        }
    }

    private mutating func append(escape byte: UInt8, next: UInt8, _ special: UInt8) {
        switch byte {
        case 0x5C: append("\\\\")
        case 0x22 where special == 0x22: append("\\\"")
        case 0x0A: append("\\n")
        case 0x09: append("\\t")
        case 0x0D: append("\\r")
        case 0x0B: append("\\v")
        case 0x0C: append("\\f")
        default:
            append(byte: UInt8(ascii: "\\"))
            // As short as it can be, unless an octal digit follows.
            let width = next >= 0x30 && next <= 0x37 ? 3 : byte >= 0o100 ? 3 : byte >= 0o10 ? 2 : 1
            for place in stride(from: width - 1, through: 0, by: -1) {
                append(byte: UInt8(ascii: "0") + byte >> UInt8(place * 3) & 7)
            }
        }
    }

    /// Whether a byte makes `-x` leave the string as it is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F || byte >= 0x09 && byte <= 0x0D
    }
}
