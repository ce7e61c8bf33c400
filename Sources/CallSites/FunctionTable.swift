/// Where the functions of a module are: its `.eh_frame_hdr`, the table by which exceptions find their way (Linux
/// Standard Base, "Exception Frames"; binutils' ld makes it for every program and library).
public struct FunctionTable: Sendable {
    /// Reads bytes of the module as it lies in memory.
    public typealias Reader = @Sendable (_ address: UInt64, _ byteCount: Int) -> [UInt8]?

    private let address: UInt64
    private let entries: [UInt8]
    private let read: Reader

    /// Pointers are 4 bytes, signed, relative to the table (DW_EH_PE_datarel | DW_EH_PE_sdata4).
    private static let sortedEncoding: UInt8 = 0x3b
    private static let countEncoding: UInt8 = 0x03
    private static let headByteCount = 12
    private static let entryByteCount = 8
    private static let countMax: UInt32 = 1 << 20

    /// The table at `address`; nil where it is of another kind.
    public init?(at address: UInt64, _ read: @escaping Reader) {
        guard let head = read(address, FunctionTable.headByteCount), head[0] == 1,
            head[2] == FunctionTable.countEncoding, head[3] == FunctionTable.sortedEncoding
        else { return nil }
        let count = FunctionTable.word(head, 8)
        guard 1...FunctionTable.countMax ~= count,
            let entries = read(
                address + UInt64(FunctionTable.headByteCount), Int(count) * FunctionTable.entryByteCount)
        else { return nil }
        self.address = address
        self.entries = entries
        self.read = read
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func pointer(_ index: Int, _ field: Int) -> UInt64 {
        let word = FunctionTable.word(entries, index * FunctionTable.entryByteCount + field * 4)
        return address &+ UInt64(bitPattern: Int64(Int32(bitPattern: word)))
    }

    /// The function that `place` is in: where it begins and how long it is.
    public func function(containing place: UInt64) -> (start: UInt64, byteCount: Int)? {
        var (low, high) = (0, entries.count / FunctionTable.entryByteCount)
        while low < high {
            let middle = (low + high) / 2
            if pointer(middle, 0) <= place { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let start = pointer(low - 1, 0)
        // A frame's description: its length, its kind's place, then where the function begins, relative to here, and
        // how long it is. Whether that is how these are written is seen by the first of the two.
        let description = pointer(low - 1, 1)
        guard let fields = read(description, 16) else { return nil }
        let begin = description &+ 8 &+ UInt64(bitPattern: Int64(Int32(bitPattern: FunctionTable.word(fields, 8))))
        let byteCount = Int(FunctionTable.word(fields, 12))
        guard begin == start, place < start + UInt64(byteCount) else { return nil }
        return (start, byteCount)
    }
}
