import SyscallShapes

/// The names of a family of flags or numbers.
struct NameTable: Sendable {
    typealias Name = (value: UInt64, name: StaticString)

    /// What stands in the comment behind a value without a name.
    var unknown: StaticString
    /// What no flag at all is called.
    var zero: StaticString
    /// Whether more than the lower 32 bits count.
    var isWide: Bool
    /// The bits that are one number of `choices`.
    var choiceMask: UInt64
    var choices: [Name]
    /// The others, in the order in which they are shown.
    var bits: [Name]

    /// Flags, and in the bits of `choiceMask` a number.
    init(
        unknown: StaticString, zero: StaticString = "0", isWide: Bool = false, choiceMask: UInt64 = 0,
        choices: [Name] = [], bits: [Name]
    ) {
        self.unknown = unknown
        self.zero = zero
        self.isWide = isWide
        self.choiceMask = choiceMask
        self.choices = choices
        self.bits = bits
    }

    /// A number.
    init(unknown: StaticString, choices: [Name]) {
        self.init(unknown: unknown, choiceMask: .max, choices: choices, bits: [])
    }

    /// The name of a number.
    func choice(_ value: UInt64) -> StaticString? {
        for choice in choices where choice.value == value { return choice.name }
        return nil
    }

    /// `O_RDWR|O_CREAT`, `O_RDONLY|0x80000000`, `0x8 /* O_??? */`.
    func append(_ raw: UInt64, _ text: inout TraceText) {
        let value = isWide ? raw : raw & 0xFFFF_FFFF
        var rest = value
        var isNamed = false
        if choiceMask != 0 {
            rest &= ~choiceMask
            if let name = choice(value & choiceMask) {
                text.append(name)
            } else if value & choiceMask != 0 || choiceMask == .max {
                append(unnamed: value & choiceMask, &text)
            }
            isNamed = choiceMask == .max || value & choiceMask != 0 || choice(0) != nil
        }
        if rest == 0, isNamed { return }
        for bit in bits where rest & bit.value == bit.value {
            if isNamed { text.append(byte: UInt8(ascii: "|")) }
            isNamed = true
            text.append(bit.name)
            rest &= ~bit.value
        }
        if rest == 0 {
            if !isNamed { text.append(zero) }
        } else if isNamed {
            text.append(byte: UInt8(ascii: "|"))
            text.append(hex: rest)
        } else {
            append(unnamed: rest, &text)
        }
    }

    private func append(unnamed value: UInt64, _ text: inout TraceText) {
        text.append(bits: value)
        if unknown.utf8CodeUnitCount == 0 { return }
        text.append(" /* ")
        text.append(unknown)
        text.append(" */")
    }

    /// The names of a family.
    @inline(__always)
    static func of(_ family: NameFamily) -> NameTable { byFamily[Int(family.rawValue)] }

    private static let byFamily: [NameTable] = NameFamily.allCases.map { family in
        for group in groups { if let table = group[family] { return table } }
        return NameTable(unknown: "", choices: [])
    }

    private static let groups = [
        byFilesFamily, byControlFamily, byMemoryFamily, bySocketsFamily, bySocketOptionsFamily, byEventsFamily,
        byProcessFamily,
    ]
}
