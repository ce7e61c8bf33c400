import TestSupport
import Unwinding

/// What `programs/stacks.c` wrote: a thread's registers and memory, and what backtrace(3) found in the same place.
struct ProcessDump: StackSurroundings {
    struct Mapping {
        let area: CodeArea
        let isExecutable: Bool
        let path: String
    }

    let registers: FrameRegisters
    /// From the function that called backtrace(3) outwards.
    let backtrace: [UInt64]
    let mappings: [Mapping]
    let bytes: BytesMemory

    var memory: MemoryReader { bytes.reader }

    private static let order: [RegisterNumber] = [
        .rax, .rdx, .rcx, .rbx, .rsi, .rdi, .rbp, .rsp, .r8, .r9, .r10, .r11, .r12, .r13, .r14, .r15, .rip,
    ]

    init(_ name: String, in scratch: ScratchDirectory) throws {
        let bytes = try scratch.read(name + ".stack")
        let word = { (offset: Int) in bytes[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        var registers = FrameRegisters()
        for (index, register) in ProcessDump.order.enumerated() { registers[register] = word(index * 8) }
        self.registers = registers
        var offset = ProcessDump.order.count * 8 + 8
        let count = Int(word(offset - 8))
        backtrace = (0..<count).map { word(offset + $0 * 8) }
        offset += count * 8
        var regions: [BytesMemory.Region] = []
        while offset < bytes.count {
            let end = offset + 16 + Int(word(offset + 8))
            regions.append(BytesMemory.Region(start: word(offset), bytes: Array(bytes[offset + 16..<end])))
            offset = end
        }
        mappings = try ProcessDump.mappings(String(decoding: try scratch.read(name + ".maps"), as: UTF8.self))
        var files: [String: [UInt8]] = [:]
        for mapping in mappings where mapping.path.hasPrefix("/") {
            let file = try files[mapping.path] ?? ScratchDirectory(path: "").read(String(mapping.path.dropFirst()))
            files[mapping.path] = file
            let start = min(Int(mapping.area.fileOffset), file.count)
            let end = min(start + Int(mapping.area.end - mapping.area.start), file.count)
            regions.append(BytesMemory.Region(start: mapping.area.start, bytes: Array(file[start..<end])))
        }
        self.bytes = BytesMemory(regions)
    }

    private static func mappings(_ text: String) throws -> [Mapping] {
        try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            let ends = words[0].split(separator: "-").map { UInt64($0, radix: 16) }
            guard ends.count == 2, let start = ends[0], let end = ends[1],
                let offset = UInt64(words[2], radix: 16), let inode = UInt64(words[4])
            else { throw TestFailure("not a line of /proc/self/maps: \(line)") }
            return Mapping(
                area: CodeArea(start: start, end: end, fileOffset: offset, device: 0, inode: inode),
                isExecutable: words[1].contains("x"), path: words.count > 5 ? String(words[5]) : "")
        }
    }

    func mapping(at address: UInt64) -> Mapping? {
        mappings.first { $0.area.contains(address) }
    }

    func code(at address: UInt64) -> CodeArea? {
        mapping(at: address).flatMap { $0.isExecutable ? $0.area : nil }
    }

    func moduleBase(of area: CodeArea) -> UInt64? {
        mappings.last { $0.area.start <= area.start && $0.area.inode == area.inode && $0.area.fileOffset == 0 }?
            .area.start
    }

    /// The frames, and the lines that they become.
    func walk(_ walker: inout StackWalker) -> (frames: [StackFrame], lines: [String]) {
        var frames: [StackFrame] = []
        var records: [UInt8] = []
        var surroundings = self
        walker.walk(registers, in: &surroundings) { frame, area, dump in
            frames.append(frame)
            let path = area.isOfFile ? Array((dump.mapping(at: frame.address)?.path ?? "").utf8) : []
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { room in
                let count = path.withUnsafeBytes {
                    StackRecord.write(frame, fileOffset: area.fileOffset(of: frame.address), path: $0, to: room)
                }
                records.append(contentsOf: room[..<(count ?? 0)])
            }
            return true
        }
        var text: [UInt8] = []
        var lines = StackText { path, use in
            let path = String(decoding: path.dropFirst(), as: UTF8.self)
            if let bytes = try? ScratchDirectory(path: "").read(path) { bytes.withUnsafeBytes(use) }
        }
        records.withUnsafeBytes { lines.append($0, to: &text) }
        return (frames, String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
    }
}
