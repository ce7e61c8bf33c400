/// Reads numbers one after the other from memory, in the forms that unwind tables have them in.
///
/// It never reads at or behind `end`, and every read moves it on, so that whoever reads until the end gets there.
struct MemoryCursor {
    let memory: MemoryReader
    private(set) var position: UInt64
    let end: UInt64

    /// What was copied last: one copy is dearer than looking at its bytes.
    private var window = InlineArray<64, UInt8>(repeating: 0)
    private var windowStart: UInt64 = 0
    private var windowByteCount: UInt64 = 0

    /// LEB128 numbers of 64 bits have no more.
    private static let variableByteCountMax = 10
    private static let pageByteCount: UInt64 = 4096

    init(_ memory: MemoryReader, from position: UInt64, to end: UInt64) {
        self.memory = memory
        self.position = position
        self.end = max(position, end)
    }

    var isAtEnd: Bool { position >= end }

    /// Goes to another place before the end.
    mutating func move(to place: UInt64) throws(UnwindError) {
        guard place <= end else { throw .malformed }
        position = place
    }

    mutating func skip(_ byteCount: UInt64) throws(UnwindError) {
        guard byteCount <= end - position else { throw .malformed }
        position += byteCount
    }

    @inline(__always)
    mutating func byte() throws(UnwindError) -> UInt8 {
        // Before the window the difference wraps, and is as large as behind it.
        if position &- windowStart >= windowByteCount { try fill() }
        guard position < end else { throw .malformed }
        let value = window[Int(position &- windowStart)]
        position += 1
        return value
    }

    private mutating func fill() throws(UnwindError) {
        guard position < end else { throw .malformed }
        // The next page may not be there.
        let pageRest = MemoryCursor.pageByteCount - position % MemoryCursor.pageByteCount
        let count = min(UInt64(window.count), min(pageRest, end - position))
        let memory = memory
        let place = position
        let isRead = withUnsafeMutableBytes(of: &window) { bytes in
            memory.copy(place, to: UnsafeMutableRawBufferPointer(rebasing: bytes[..<Int(count)]))
        }
        windowStart = position
        windowByteCount = isRead ? count : 0
        guard isRead else { throw .unreadable }
    }

    mutating func number<Value: FixedWidthInteger>(_ type: Value.Type) throws(UnwindError) -> Value {
        var value: Value = 0
        for index in 0..<MemoryLayout<Value>.size {
            value |= Value(truncatingIfNeeded: try byte()) << Value(index * 8)
        }
        return value
    }

    /// ULEB128; what does not fit in 64 bits is cut off.
    mutating func unsignedVariable() throws(UnwindError) -> UInt64 {
        try variable().value
    }

    /// SLEB128.
    mutating func signedVariable() throws(UnwindError) -> Int64 {
        let (value, bitCount, last) = try variable()
        if last & 0x40 != 0, bitCount < 64 { return Int64(bitPattern: value | ~0 << bitCount) }
        return Int64(bitPattern: value)
    }

    private mutating func variable() throws(UnwindError) -> (value: UInt64, bitCount: UInt64, last: UInt8) {
        var value: UInt64 = 0
        for index in 0..<MemoryCursor.variableByteCountMax {
            let next = try byte()
            value |= UInt64(next & 0x7f) << UInt64(index * 7)
            if next & 0x80 == 0 { return (value, UInt64(index * 7 + 7), next) }
        }
        throw .malformed
    }

    /// A number as an encoding says, not yet relative to anything.
    mutating func number(_ format: PointerEncoding.Format?) throws(UnwindError) -> UInt64 {
        switch format {
        case .word, .unsigned8, .signed8: return try number(UInt64.self)
        case .unsignedVariable: return try unsignedVariable()
        case .signedVariable: return UInt64(bitPattern: try signedVariable())
        case .unsigned2: return UInt64(try number(UInt16.self))
        case .unsigned4: return UInt64(try number(UInt32.self))
        case .signed2: return UInt64(bitPattern: Int64(try number(Int16.self)))
        case .signed4: return UInt64(bitPattern: Int64(try number(Int32.self)))
        case nil: throw .unsupported
        }
    }

    /// An address as an encoding says; `header` is where the `.eh_frame_hdr` is that it may be relative to.
    mutating func pointer(_ encoding: PointerEncoding, header: UInt64 = 0) throws(UnwindError) -> UInt64 {
        let place = position
        guard encoding != .omitted, let base = encoding.base else { throw .unsupported }
        var value = try number(encoding.format)
        switch base {
        case .nothing: break
        case .place: value &+= place
        case .header: value &+= header
        }
        if !encoding.isIndirect { return value }
        guard let target = memory.load(UInt64.self, at: value) else { throw .unreadable }
        return target
    }
}
