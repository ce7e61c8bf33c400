/// A vDSO as an ELF file, of one page: what a C library looks functions up in by name and version (vdso(7)).
///
/// Head, program headers, then the tables that PT_DYNAMIC names, then the code. It has no sections, which only linkers
/// look at.
public struct VdsoImage: Sendable {
    public struct Function: Sendable {
        public let name: String
        /// Bytes into the code.
        public let offset: UInt64
        public let byteCount: UInt64

        public init(name: String, offset: UInt64, byteCount: UInt64) {
            self.name = name
            self.offset = offset
            self.byteCount = byteCount
        }
    }

    public let bytes: [UInt8]

    public static let byteCount = 4096
    /// Where the code is in the page.
    public static let codeOffset = 2048
    private static let programHeadersOffset = 64
    private static let tablesOffset = programHeadersOffset + 2 * 56
    private static let soname = "linux-vdso.so.1"
    private static let version = "LINUX_2.6"

    /// - Precondition: the code has room.
    public init(code: [UInt8], functions: [Function]) {
        precondition(code.count <= VdsoImage.byteCount - VdsoImage.codeOffset, "the vDSO's code is too long")
        var tables = Tables(at: VdsoImage.tablesOffset)
        let strings = Strings([VdsoImage.soname, VdsoImage.version] + functions.map(\.name))
        let names = tables.add(strings.bytes)
        let symbols = tables.add(VdsoImage.symbols(functions, strings))
        let hash = tables.add(VdsoImage.hash(symbolCount: functions.count))
        // Index 2 is the version; the symbol 0 has none.
        let versions = tables.add(([0] + functions.map { _ in 2 }).flatMap { VdsoImage.bytes(UInt16($0)) })
        let definitions = tables.add(VdsoImage.definitions(strings))
        let entries: [(UInt64, Int)] = [
            (14, strings.offset(of: VdsoImage.soname)), (4, hash), (5, names), (6, symbols), (10, strings.bytes.count),
            (11, 24), (0x6fff_fff0, versions), (0x6fff_fffc, definitions), (0x6fff_fffd, 2), (0, 0),
        ]
        let dynamic = tables.add(entries.flatMap { VdsoImage.bytes($0.0) + VdsoImage.bytes(UInt64($0.1)) })
        precondition(tables.end <= VdsoImage.codeOffset, "the vDSO's tables are too long")

        var bytes = VdsoImage.head()
        bytes += VdsoImage.programHeader(type: 1, flags: 5, offset: 0, byteCount: VdsoImage.byteCount, alignment: 4096)
        // Not writable: a C library then adds the base itself.
        bytes += VdsoImage.programHeader(
            type: 2, flags: 4, offset: dynamic, byteCount: entries.count * 16, alignment: 8)
        bytes += tables.bytes
        bytes += [UInt8](repeating: 0, count: VdsoImage.codeOffset - bytes.count) + code
        self.bytes = bytes + [UInt8](repeating: 0, count: VdsoImage.byteCount - bytes.count)
    }

    private static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// Elf64_Ehdr (elf(5)): a shared object of x86-64.
    private static func head() -> [UInt8] {
        let identification: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
        let kinds = bytes(UInt16(3)) + bytes(UInt16(62)) + bytes(UInt32(1))
        let places = bytes(UInt64(0)) + bytes(UInt64(programHeadersOffset)) + bytes(UInt64(0))
        let counts = ([64, 56, 2, 64, 0, 0] as [UInt16]).flatMap { bytes($0) }
        return identification + kinds + places + bytes(UInt32(0)) + counts
    }

    private static func programHeader(
        type: UInt32, flags: UInt32, offset: Int, byteCount: Int, alignment: UInt64
    ) -> [UInt8] {
        let place = bytes(UInt64(offset))
        return bytes(type) + bytes(flags) + place + place + place + bytes(UInt64(byteCount)) + bytes(UInt64(byteCount))
            + bytes(alignment)
    }

    /// Elf64_Sym, of which the first is none: global functions of a section that is only said to be there.
    private static func symbols(_ functions: [Function], _ strings: Strings) -> [UInt8] {
        let own = functions.map { function in
            bytes(UInt32(strings.offset(of: function.name))) + [0x12, 0] + bytes(UInt16(1))
                + bytes(UInt64(codeOffset) + function.offset) + bytes(function.byteCount)
        }
        return [UInt8](repeating: 0, count: 24) + own.flatMap { $0 }
    }

    /// DT_HASH with one bucket: a chain of all.
    private static func hash(symbolCount: Int) -> [UInt8] {
        let chain = [0] + (1...symbolCount).map { $0 == symbolCount ? 0 : $0 + 1 }
        return ([1, symbolCount + 1, 1] + chain).flatMap { bytes(UInt32($0)) }
    }

    /// Elf64_Verdef: the file itself, then the version.
    private static func definitions(_ strings: Strings) -> [UInt8] {
        func definition(_ name: String, flags: UInt16, index: UInt16, next: UInt32) -> [UInt8] {
            bytes(UInt16(1)) + bytes(flags) + bytes(index) + bytes(UInt16(1)) + bytes(elfHash(name)) + bytes(UInt32(20))
                + bytes(next) + bytes(UInt32(strings.offset(of: name))) + bytes(UInt32(0))
        }
        return definition(soname, flags: 1, index: 1, next: 28) + definition(version, flags: 0, index: 2, next: 0)
    }

    /// The System V ABI's hash of a name.
    static func elfHash(_ name: String) -> UInt32 {
        name.utf8.reduce(0) { hash, byte in
            let sum = (hash << 4) &+ UInt32(byte)
            let high = sum & 0xf000_0000
            return (sum ^ high >> 24) & ~high
        }
    }

    /// Tables one behind the other, each at a multiple of 8.
    private struct Tables {
        private let start: Int
        private(set) var bytes: [UInt8] = []

        init(at start: Int) {
            self.start = start
        }

        var end: Int { start + bytes.count }

        /// Where it is in the image.
        mutating func add(_ table: [UInt8]) -> Int {
            bytes += [UInt8](repeating: 0, count: (8 - end % 8) % 8)
            defer { bytes += table }
            return end
        }
    }

    /// Names, each ended by a NUL, behind an empty one.
    private struct Strings {
        private(set) var bytes: [UInt8] = [0]
        private var offsets: [String: Int] = [:]

        init(_ names: [String]) {
            for name in names {
                offsets[name] = bytes.count
                bytes += Array(name.utf8) + [0]
            }
        }

        func offset(of name: String) -> Int {
            offsets[name] ?? 0
        }
    }
}
