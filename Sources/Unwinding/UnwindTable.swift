/// A module's functions and how their frames are left: its `.eh_frame`, read where it lies in memory (Linux Standard
/// Base, "Exception Frames").
public struct UnwindTable: Sendable {
    private enum Index {
        /// The linker's, which is searched where it is: `count` pairs of a function and its description, 4 bytes each,
        /// relative to the header.
        case header(UInt64, entries: UInt64, count: UInt64)
        case list(FrameList)
    }

    private let index: Index

    private static let entryByteCount: UInt64 = 8
    private static let countMax: UInt64 = 1 << 24

    /// By the `.eh_frame_hdr` at `address`, which binutils' ld makes for every program and library that is linked
    /// dynamically; nil where it has no table that can be searched.
    public init?(header address: UInt64, in memory: MemoryReader) {
        guard let index = try? UnwindTable.index(header: address, memory) else { return nil }
        self.index = index
    }

    /// By whatever the module has.
    init?(of image: ModuleImage, in memory: MemoryReader) {
        if let header = image.unwindHeader, let table = UnwindTable(header: header, in: memory) {
            self = table
            return
        }
        guard let list = FrameList(searchedIn: image, memory) else { return nil }
        index = .list(list)
    }

    private static func index(
        header address: UInt64, _ memory: MemoryReader
    ) throws(UnwindError) -> Index {
        var cursor = MemoryCursor(memory, from: address, to: address &+ 32)
        let version = try cursor.byte()
        let frameEncoding = PointerEncoding(rawValue: try cursor.byte())
        let countEncoding = PointerEncoding(rawValue: try cursor.byte())
        guard version == 1, try cursor.byte() == PointerEncoding.sortedTable.rawValue else { throw .unsupported }
        _ = try cursor.number(frameEncoding.format)
        let count = try cursor.pointer(countEncoding, header: address)
        guard 1...countMax ~= count else { throw .malformed }
        return .header(address, entries: cursor.position, count: count)
    }

    /// The function that an address is in: where it begins and how long it is.
    public func function(
        containing address: UInt64, in memory: MemoryReader
    ) -> (start: UInt64, byteCount: UInt64)? {
        guard let description = try? description(containing: address, memory) else { return nil }
        return (description.start, description.byteCount)
    }

    func description(
        containing address: UInt64, _ memory: MemoryReader
    ) throws(UnwindError) -> FrameDescription? {
        guard let place = try descriptionPlace(before: address, memory) else { return nil }
        let description = try FrameDescription(at: place, memory)
        return description.contains(address) ? description : nil
    }

    private func descriptionPlace(
        before address: UInt64, _ memory: MemoryReader
    ) throws(UnwindError) -> UInt64? {
        guard case .header(let header, let entries, let count) = index else {
            guard case .list(let list) = index else { return nil }
            return list.description(before: address)
        }
        var (low, high) = (UInt64(0), count)
        var found: UInt64?
        while low < high {
            let middle = (low + high) / 2
            guard let entry = memory.load(UInt64.self, at: entries &+ middle * UnwindTable.entryByteCount) else {
                throw .unreadable
            }
            if UnwindTable.relative(UInt32(truncatingIfNeeded: entry), header) <= address {
                low = middle + 1
                found = UnwindTable.relative(UInt32(truncatingIfNeeded: entry >> 32), header)
            } else {
                high = middle
            }
        }
        return found
    }

    private static func relative(_ word: UInt32, _ header: UInt64) -> UInt64 {
        header &+ UInt64(bitPattern: Int64(Int32(bitPattern: word)))
    }
}
