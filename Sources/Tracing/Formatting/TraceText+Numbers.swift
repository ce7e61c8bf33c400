extension TraceText {
    /// The decimal digits of 0 to 99, two each.
    private static let pairs: StaticString =
        """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """
    private static let hexDigits: StaticString = "0123456789abcdef"

    /// Decimal digits.
    @inline(__always)
    public mutating func append(decimal value: UInt64) {
        if value < 10 { return append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
        appendLong(value)
    }

    private mutating func appendLong(_ value: UInt64) {
        let length = digitCount(value)
        let target = reserve(length)
        var rest = value
        var index = length
        let pairs = TraceText.pairs.utf8Start
        while rest >= 100 {
            let pair = Int(truncatingIfNeeded: rest % 100) * 2
            rest /= 100
            index -= 2
            target[index] = pairs[pair]
            target[index + 1] = pairs[pair + 1]
        }
        if rest >= 10 {
            target[0] = pairs[Int(truncatingIfNeeded: rest) * 2]
            target[1] = pairs[Int(truncatingIfNeeded: rest) * 2 + 1]
        } else {
            target[0] = 0x30 + UInt8(truncatingIfNeeded: rest)
        }
        advance(length)
    }

    private func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var limit: UInt64 = 10
        // 20 digits are the most, and there is no limit behind 19.
        while value >= limit, count < 20 {
            count &+= 1
            limit = limit &* 10
        }
        return count
    }

    /// Decimal digits, with a minus sign where it is below zero.
    @inline(__always)
    public mutating func append(signed value: Int64) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// Decimal digits with zeros in front, as many as `width` in all.
    public mutating func append(decimal value: UInt64, width: Int) {
        append(byte: UInt8(ascii: "0"), times: width - digitCount(value))
        append(decimal: value)
    }

    /// Decimal digits with spaces in front, as many characters as `width` in all.
    public mutating func append(padded value: UInt64, width: Int) {
        append(byte: UInt8(ascii: " "), times: width - digitCount(value))
        append(decimal: value)
    }

    /// `0x` and digits without zeros in front.
    public mutating func append(hex value: UInt64) {
        append("0x")
        append(hexDigits: value, width: 1)
    }

    /// Hexadecimal digits, at least `width` of them.
    public mutating func append(hexDigits value: UInt64, width: Int) {
        let length = max((67 - value.leadingZeroBitCount) / 4, width)
        let target = reserve(length)
        let digits = TraceText.hexDigits.utf8Start
        var rest = value
        for index in stride(from: length - 1, through: 0, by: -1) {
            target[index] = digits[Int(truncatingIfNeeded: rest & 15)]
            rest >>= 4
        }
        advance(length)
    }

    /// As `%#o`: a zero in front, and digits; 0 alone is `0`.
    public mutating func append(octal value: UInt64) {
        append(byte: UInt8(ascii: "0"))
        var shift = (63 - min(value.leadingZeroBitCount, 63)) / 3 * 3
        if value == 0 { return }
        while shift >= 0 {
            append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value >> UInt64(shift) & 7))
            shift -= 3
        }
    }

    /// Permission bits: three octal digits at least.
    public mutating func append(mode value: UInt64) {
        if value >= 0o100 { return append(octal: value) }
        append(byte: UInt8(ascii: "0"))
        append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value >> 3))
        append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value & 7))
    }

    /// A guest address: `NULL`, or hexadecimal.
    @inline(__always)
    public mutating func append(address: UInt64) {
        if address == 0 { append("NULL") } else { append(hex: address) }
    }

    /// Bits without names: `0`, or hexadecimal.
    @inline(__always)
    public mutating func append(bits: UInt64) {
        if bits == 0 { append(byte: UInt8(ascii: "0")) } else { append(hex: bits) }
    }
}
