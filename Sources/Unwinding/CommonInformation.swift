/// What the descriptions of several functions have in common: a CIE of `.eh_frame` (Linux Standard Base, "Exception
/// Frames").
struct CommonInformation {
    let codeAlignment: UInt64
    let dataAlignment: Int64
    let returnRegister: UInt64
    private(set) var pointerEncoding = PointerEncoding.absolute
    /// The frame was interrupted by a signal: it made no call, so its place is that of its next instruction.
    private(set) var isSignalFrame = false
    /// Descriptions have data for the language's own use, with its length in front.
    let hasAugmentation: Bool
    let instructions: UInt64
    let end: UInt64

    private static let augmentationByteCountMax = 8

    init(at address: UInt64, _ memory: MemoryReader) throws(UnwindError) {
        guard let record = try FrameRecord(at: address, memory), record.isCommon else { throw .malformed }
        var cursor = MemoryCursor(memory, from: record.body, to: record.end)
        let version = try cursor.byte()
        guard version == 1 || version == 3 else { throw .unsupported }
        var letters = InlineArray<8, UInt8>(repeating: 0)
        var letterCount = 0
        while true {
            let letter = try cursor.byte()
            if letter == 0 { break }
            guard letterCount < CommonInformation.augmentationByteCountMax else { throw .unsupported }
            letters[letterCount] = letter
            letterCount += 1
        }
        codeAlignment = try cursor.unsignedVariable()
        dataAlignment = try cursor.signedVariable()
        returnRegister = version == 1 ? UInt64(try cursor.byte()) : try cursor.unsignedVariable()
        end = record.end
        hasAugmentation = letters[0] == UInt8(ascii: "z")
        guard hasAugmentation || letterCount == 0 else { throw .unsupported }
        if !hasAugmentation {
            instructions = cursor.position
            return
        }
        let byteCount = try cursor.unsignedVariable()
        let start = cursor.position
        try cursor.skip(byteCount)
        instructions = cursor.position
        var augmentation = MemoryCursor(memory, from: start, to: instructions)
        for index in 1..<max(letterCount, 1) {
            guard try read(letters[index], &augmentation) else { break }
        }
    }

    /// One letter's part; false where it is not known how long that is.
    private mutating func read(
        _ letter: UInt8, _ cursor: inout MemoryCursor
    ) throws(UnwindError) -> Bool {
        switch letter {
        case UInt8(ascii: "R"): pointerEncoding = PointerEncoding(rawValue: try cursor.byte())
        case UInt8(ascii: "S"): isSignalFrame = true
        case UInt8(ascii: "L"): _ = try cursor.byte()
        case UInt8(ascii: "P"):
            let encoding = PointerEncoding(rawValue: try cursor.byte())
            _ = try cursor.number(encoding.format)
        default: return false
        }
        return true
    }
}
