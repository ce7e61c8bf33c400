/// Text for a file below /proc, put together byte by byte: paths need not be UTF-8.
struct ByteText {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ more: some Sequence<UInt8>) {
        bytes.append(contentsOf: more)
    }

    /// A number at the right end of a field.
    mutating func append(_ value: UInt64, radix: Int = 10, width: Int, fill: Character = " ") {
        let digits = String(value, radix: radix)
        append(String(repeating: fill, count: max(0, width - digits.utf8.count)))
        append(digits)
    }

    /// A text at the left end of a field.
    mutating func append(_ text: String, width: Int) {
        append(text)
        append(String(repeating: " ", count: max(0, width - text.utf8.count)))
    }

    /// Fills the line that began at `start` with spaces up to `width` bytes, as seq_pad() in fs/seq_file.c.
    mutating func pad(lineFrom start: Int, to width: Int) {
        let missing = width - (bytes.count - start)
        if missing > 0 { bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: missing)) }
    }
}
