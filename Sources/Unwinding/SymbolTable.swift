/// The functions of an ELF file by address: its `.symtab` and `.dynsym`, as far as they make sense.
///
/// The answer is the nearest function at or before an address, however long that says it is: in a file without
/// `.symtab` it may be an earlier one than the address is in. strace's answer is the same.
public struct SymbolTable: Sendable {
    /// A name by its place among all names.
    struct Symbol {
        let address: UInt64
        let nameStart: UInt32
        let nameByteCount: UInt32
    }

    /// A part of the file, and the address that it is loaded to.
    struct Segment {
        let fileOffset: UInt64
        let byteCount: UInt64
        let address: UInt64
    }

    private var symbols: [Symbol] = []
    private var names: [UInt8] = []
    private var segments: [Segment] = []

    /// Of a file that has none, or is none.
    public init() {}

    public init(elf bytes: UnsafeRawBufferPointer) {
        guard let file = ElfBytes(bytes) else { return }
        readSegments(file)
        readSections(file)
        // Of several names for one place the first counts; names lie in the order in which they were read.
        symbols.sort { ($0.address, $0.nameStart) < ($1.address, $1.nameStart) }
        var last: UInt64?
        symbols.removeAll { symbol in
            defer { last = symbol.address }
            return symbol.address == last
        }
    }

    public init(elf bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { SymbolTable(elf: $0) }
    }

    /// Calls `body` with the name of the function that the byte at `fileOffset` is in, and how far behind the
    /// function's start that is; false where there is none.
    public func withSymbol(atFileOffset fileOffset: UInt64, _ body: (UnsafeRawBufferPointer, UInt64) -> Void) -> Bool {
        guard let segment = segments.first(where: { fileOffset &- $0.fileOffset < $0.byteCount }) else { return false }
        return withSymbol(at: fileOffset &- segment.fileOffset &+ segment.address, body)
    }

    /// The same by the address that the file itself gives to that byte.
    public func withSymbol(at address: UInt64, _ body: (UnsafeRawBufferPointer, UInt64) -> Void) -> Bool {
        var (low, high) = (0, symbols.count)
        while low < high {
            let middle = (low + high) / 2
            if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        let symbol = symbols[low - 1]
        names.withUnsafeBytes { names in
            let start = Int(symbol.nameStart)
            let name = UnsafeRawBufferPointer(rebasing: names[start..<start + Int(symbol.nameByteCount)])
            body(name, address - symbol.address)
        }
        return true
    }
}

extension SymbolTable {
    private static let loadType: UInt32 = 1
    private static let segmentByteCount: UInt64 = 56
    private static let segmentCountMax: UInt16 = 64
    private static let sectionByteCount: UInt64 = 64
    private static let symbolByteCount = 24
    private static let symbolCountMax = 1 << 22
    private static let nameByteCountMax = 64 << 10
    /// All names together.
    private static let namesByteCountMax = 256 << 20

    /// Kinds of sections: SHT_DYNSYM before SHT_SYMTAB, whose names are the fallback for the same place.
    private static let tableTypes: [UInt32] = [11, 2]

    private mutating func readSegments(_ file: ElfBytes) {
        guard let start = file.load(UInt64.self, at: 32), let count = file.load(UInt16.self, at: 56),
            count <= SymbolTable.segmentCountMax
        else { return }
        for index in 0..<UInt64(count) {
            let place = start &+ index * SymbolTable.segmentByteCount
            guard let type = file.load(UInt32.self, at: place), let offset = file.load(UInt64.self, at: place &+ 8),
                let address = file.load(UInt64.self, at: place &+ 16),
                let byteCount = file.load(UInt64.self, at: place &+ 32)
            else { return }
            guard type == SymbolTable.loadType else { continue }
            segments.append(Segment(fileOffset: offset, byteCount: byteCount, address: address))
        }
    }

    private mutating func readSections(_ file: ElfBytes) {
        guard let start = file.load(UInt64.self, at: 40), let count = file.load(UInt16.self, at: 60) else { return }
        for wanted in SymbolTable.tableTypes {
            // A file has one of each kind.
            let index = (0..<UInt64(count)).first {
                file.load(UInt32.self, at: start &+ $0 * SymbolTable.sectionByteCount &+ 4) == wanted
            }
            guard let index else { continue }
            let place = start &+ index * SymbolTable.sectionByteCount
            guard let link = file.load(UInt32.self, at: place &+ 40), link < count,
                let table = SymbolTable.content(ofSectionAt: place, file),
                let names = SymbolTable.content(
                    ofSectionAt: start &+ UInt64(link) * SymbolTable.sectionByteCount, file)
            else { continue }
            readSymbols(file, table, names)
        }
    }

    /// Where in the file it is.
    private static func content(ofSectionAt place: UInt64, _ file: ElfBytes) -> Range<UInt64>? {
        guard let offset = file.load(UInt64.self, at: place &+ 24),
            let byteCount = file.load(UInt64.self, at: place &+ 32), file.holds(offset, byteCount)
        else { return nil }
        return offset..<offset + byteCount
    }

    /// Stops at a name that has no end: what follows makes no more sense.
    private mutating func readSymbols(_ file: ElfBytes, _ table: Range<UInt64>, _ namesRange: Range<UInt64>) {
        for place in stride(from: table.lowerBound, to: table.upperBound, by: SymbolTable.symbolByteCount) {
            guard symbols.count < SymbolTable.symbolCountMax, names.count < SymbolTable.namesByteCountMax,
                let nameOffset = file.load(UInt32.self, at: place), let kind = file.load(UInt8.self, at: place + 4),
                let section = file.load(UInt16.self, at: place + 6), let address = file.load(UInt64.self, at: place + 8)
            else { return }
            // A function (STT_FUNC) that is in this file.
            guard kind & 0x0f == 2, section != 0, address != 0 else { continue }
            guard
                let name = file.text(
                    at: namesRange.lowerBound + UInt64(nameOffset), before: namesRange.upperBound,
                    limit: SymbolTable.nameByteCountMax)
            else { return }
            symbols.append(
                Symbol(address: address, nameStart: UInt32(names.count), nameByteCount: UInt32(name.count)))
            names.append(contentsOf: name)
        }
    }
}
