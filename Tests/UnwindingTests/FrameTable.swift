/// `.eh_frame` and its header, put together by a test: one common record, and a function that it describes.
struct FrameTable {
    /// Where the function is, and where the records and then the header are put.
    static let function: UInt64 = 0x40_1000
    static let functionByteCount: UInt32 = 0x100
    static let records: UInt64 = 0x50_0000
    static let header: UInt64 = 0x60_0000

    /// def_cfa rsp+8; offset rip, cfa-8: what holds at the start of every function.
    static let usualStart: [UInt8] = [0x0c, 7, 8, 0x90, 1]

    let recordBytes: [UInt8]
    let headerBytes: [UInt8]

    /// `letters` with what they stand for, in the order of the letters; pointers are relative, of 4 bytes.
    init(
        _ instructions: [UInt8], start: [UInt8] = usualStart, letters: String = "zR", data: [UInt8] = [0x1b],
        version: UInt8 = 1
    ) {
        let augmentation = Array(letters.utf8) + [0]
        let common = FrameTable.record(
            word: 0, [version] + augmentation + [1, 0x78, 16, UInt8(data.count)] + data + start)
        let place = UInt32(common.count)
        // Relative to itself, 8 bytes behind where the description starts.
        let distance = UInt32(truncatingIfNeeded: FrameTable.function &- (FrameTable.records + UInt64(place) + 8))
        let range = FrameTable.bytes(distance) + FrameTable.bytes(FrameTable.functionByteCount)
        let languageData: [UInt8] = letters.contains("L") ? [4, 0, 0, 0, 0] : [0]
        let description = FrameTable.record(word: place + 4, range + languageData + instructions)
        recordBytes = common + description + [0, 0, 0, 0]
        let relative = { (address: UInt64) in FrameTable.bytes(UInt32(truncatingIfNeeded: address &- FrameTable.header))
        }
        headerBytes =
            [1, 0x1b, 0x03, 0x3b]
            + FrameTable.bytes(UInt32(truncatingIfNeeded: FrameTable.records &- FrameTable.header &- 4))
            + FrameTable.bytes(1) + relative(FrameTable.function) + relative(FrameTable.records + UInt64(place))
    }

    private static func record(word: UInt32, _ body: [UInt8]) -> [UInt8] {
        let padding = [UInt8](repeating: 0, count: (8 - (body.count + 8) % 8) % 8)
        return bytes(UInt32(4 + body.count + padding.count)) + bytes(word) + body + padding
    }

    private static func bytes(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
    }
}
