/// How the frames of one function are left: an FDE of `.eh_frame` with its CIE.
struct FrameDescription {
    let common: CommonInformation
    let start: UInt64
    let byteCount: UInt64
    let instructions: UInt64
    let end: UInt64

    init(at address: UInt64, _ memory: MemoryReader) throws(UnwindError) {
        guard let record = try FrameRecord(at: address, memory), !record.isCommon else { throw .malformed }
        common = try CommonInformation(at: record.commonPlace &- UInt64(record.commonDistance), memory)
        var cursor = MemoryCursor(memory, from: record.body, to: record.end)
        start = try cursor.pointer(common.pointerEncoding)
        byteCount = try cursor.number(common.pointerEncoding.format)
        if common.hasAugmentation { try cursor.skip(try cursor.unsignedVariable()) }
        instructions = cursor.position
        end = record.end
    }

    func contains(_ address: UInt64) -> Bool {
        address >= start && address - start < byteCount
    }
}
