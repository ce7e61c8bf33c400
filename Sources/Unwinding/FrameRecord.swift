/// One record of `.eh_frame`: its length, whose kind it is, and what follows.
struct FrameRecord {
    /// Zero for what several descriptions have in common (CIE), else how far before this word that is (FDE).
    let commonDistance: UInt32
    /// Where that word is.
    let commonPlace: UInt64
    /// What is behind the word.
    let body: UInt64
    let end: UInt64

    /// A function's description is never so long.
    private static let byteCountMax: UInt64 = 1 << 20
    private static let longMark: UInt32 = 0xffff_ffff

    /// The record at `address`; nil for the mark at the end.
    init?(at address: UInt64, _ memory: MemoryReader) throws(UnwindError) {
        guard let length = memory.load(UInt32.self, at: address) else { throw .unreadable }
        if length == 0 { return nil }
        var byteCount = UInt64(length)
        commonPlace = address &+ (length == FrameRecord.longMark ? 12 : 4)
        if length == FrameRecord.longMark {
            guard let long = memory.load(UInt64.self, at: address &+ 4) else { throw .unreadable }
            byteCount = long
        }
        let (end, overflow) = commonPlace.addingReportingOverflow(byteCount)
        guard 4...FrameRecord.byteCountMax ~= byteCount, !overflow else { throw .malformed }
        guard let distance = memory.load(UInt32.self, at: commonPlace) else { throw .unreadable }
        commonDistance = distance
        body = commonPlace + 4
        self.end = end
    }

    var isCommon: Bool { commonDistance == 0 }
}
