/// How an address is written in `.eh_frame` and `.eh_frame_hdr`: DW_EH_PE_* (Linux Standard Base, "DWARF Exception
/// Header Encoding").
struct PointerEncoding: Equatable {
    let rawValue: UInt8

    static let absolute = PointerEncoding(rawValue: 0)
    static let omitted = PointerEncoding(rawValue: 0xff)
    /// 4 bytes, signed, relative to the header: what the table in a header can be searched in.
    static let sortedTable = PointerEncoding(rawValue: 0x3b)

    /// What the number is relative to.
    enum Base: UInt8 {
        case nothing = 0
        case place = 0x10
        case header = 0x30
    }

    /// How the number is written.
    enum Format: UInt8 {
        case word = 0
        case unsignedVariable = 1
        case unsigned2 = 2
        case unsigned4 = 3
        case unsigned8 = 4
        case signedVariable = 9
        case signed2 = 10
        case signed4 = 11
        case signed8 = 12
    }

    var format: Format? { Format(rawValue: rawValue & 0x0f) }
    var base: Base? { Base(rawValue: rawValue & 0x70) }
    /// The number is the address of the address.
    var isIndirect: Bool { rawValue & 0x80 != 0 }
}
