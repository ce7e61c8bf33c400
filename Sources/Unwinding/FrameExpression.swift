/// A DWARF expression in a frame's description (DWARF 5, 2.5): where it is.
struct FrameExpression {
    let start: UInt64
    let end: UInt64

    init(start: UInt64, end: UInt64) {
        self.start = start
        self.end = end
    }

    /// Reads past an expression, which begins with its length.
    init(at cursor: inout MemoryCursor) throws(UnwindError) {
        let byteCount = try cursor.unsignedVariable()
        start = cursor.position
        try cursor.skip(byteCount)
        end = cursor.position
    }
}
