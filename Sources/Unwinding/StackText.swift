/// Frames as lines, as strace prints them with `-k`:
///
///     > /usr/lib/x86_64-linux-gnu/libc.so.6(__write+0x10) [0xf8350]
///
/// Each module's symbols are read once, when the first of its frames is printed.
public struct StackText {
    /// Gives a file's bytes to the closure for as long as that runs; does not call it where there is no such file.
    public typealias FileReader = (_ path: [UInt8], _ use: (UnsafeRawBufferPointer) -> Void) -> Void

    private struct Module {
        let path: [UInt8]
        let symbols: SymbolTable
    }

    private let readFile: FileReader
    private var modules: [Module] = []

    /// More are forgotten, and read again.
    private static let moduleCountMax = 256

    public init(_ readFile: @escaping FileReader) {
        self.readFile = readFile
    }

    /// Appends the lines for a buffer of records. Stops where it holds no whole record.
    public mutating func append(_ records: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        var rest = records
        var count = 0
        while let record = StackRecord(&rest) {
            append(record, to: &text)
            count += 1
        }
        if count >= StackWalker.frameCountMax { StackText.append(" > too many stack frames\n", to: &text) }
    }

    /// Appends one line.
    public mutating func append(_ record: StackRecord, to text: inout [UInt8]) {
        if record.path.isEmpty {
            StackText.append(" > unexpected_backtracing_error [0x", to: &text)
            StackText.append(hexadecimal: record.frame.address, to: &text)
            StackText.append("]\n", to: &text)
            return
        }
        StackText.append(" > ", to: &text)
        text.append(contentsOf: record.path)
        text.append(UInt8(ascii: "("))
        _ = withSymbol(of: record) { name, offset in
            text.append(contentsOf: name)
            StackText.append("+0x", to: &text)
            StackText.append(hexadecimal: offset, to: &text)
        }
        StackText.append(") [0x", to: &text)
        StackText.append(hexadecimal: record.fileOffset, to: &text)
        StackText.append("]\n", to: &text)
    }

    /// Calls `body` with the name of the frame's function, and how far behind its start the frame's address is; false
    /// where the name is not known.
    public mutating func withSymbol(
        of record: StackRecord, _ body: (_ name: UnsafeRawBufferPointer, _ offset: UInt64) -> Void
    ) -> Bool {
        // The function is that of the call; the distance is that of what comes next.
        let distance = record.frame.address &- record.frame.place
        return symbols(of: record.path).withSymbol(atFileOffset: record.fileOffset &- distance) { name, offset in
            body(name, offset &+ distance)
        }
    }

    private mutating func symbols(of path: UnsafeRawBufferPointer) -> SymbolTable {
        if let module = modules.first(where: { $0.path.elementsEqual(path) }) { return module.symbols }
        var symbols = SymbolTable()
        let path = [UInt8](path)
        // "[vdso]" is no file's path.
        if path.first == UInt8(ascii: "/") { readFile(path) { symbols = SymbolTable(elf: $0) } }
        if modules.count == StackText.moduleCountMax { modules.removeAll() }
        modules.append(Module(path: path, symbols: symbols))
        return symbols
    }

    private static func append(_ string: StaticString, to text: inout [UInt8]) {
        text.append(contentsOf: UnsafeBufferPointer(start: string.utf8Start, count: string.utf8CodeUnitCount))
    }

    private static func append(hexadecimal value: UInt64, to text: inout [UInt8]) {
        let digitCount = max(1, (67 - value.leadingZeroBitCount) / 4)
        for index in (0..<digitCount).reversed() {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(index * 4)) & 0xf
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
