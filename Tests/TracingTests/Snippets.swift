import SyscallShapes

/// Snippets made by hand.
struct Snippets: ExpressibleByDictionaryLiteral {
    var bytes: [UInt8] = []

    init() {}

    /// Bytes by address.
    init(dictionaryLiteral elements: (UInt64, [UInt8])...) {
        for (address, content) in elements { add(address, content) }
    }

    mutating func add(_ address: UInt64, _ content: [UInt8], kind: SnippetKind = .memory) {
        bytes += little(address) + little(UInt32(content.count)) + little(kind.rawValue) + content
        while bytes.count % 8 != 0 { bytes.append(0) }
    }
}

/// A number as memory has it.
func little(_ values: any FixedWidthInteger...) -> [UInt8] {
    values.flatMap { value in
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: UInt64(truncatingIfNeeded: value) >> ($0 * 8)) }
    }
}

/// A string with its NUL.
func cString(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
