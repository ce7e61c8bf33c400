import TestSupport
import Testing

@testable import Unwinding

/// Tables, stacks, symbols and records with bytes changed by chance: everything has to come to an end, and nothing may
/// stop the process that looks.
@Suite("hostile memory")
struct HostileMemoryTests {
    /// A byte that is more telling than most.
    private static func byte(_ random: inout SeededGenerator) -> UInt8 {
        let telling: [UInt8] = [0, 1, 0x0a, 0x0f, 0x10, 0x16, 0x2f, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff]
        return random.oneIn(2) ? telling[random.below(telling.count)] : UInt8(random.below(256))
    }

    @Test("descriptions of random instructions", arguments: SeededGenerator.seeds(count: 4))
    func instructions(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var remembered: [FrameRules] = []
        let registers = FrameRegisters()
        for _ in 0..<5000 {
            let instructions = (0..<random.below(60)).map { _ in HostileMemoryTests.byte(&random) }
            let table = FrameTable(instructions)
            let memory = BytesMemory([
                .init(start: 0, bytes: []), .init(start: FrameTable.records, bytes: table.recordBytes),
                .init(start: FrameTable.header, bytes: table.headerBytes),
            ]).reader
            let place = FrameTable.function + UInt64(random.below(Int(FrameTable.functionByteCount)))
            guard let found = UnwindTable(header: FrameTable.header, in: memory),
                let description = try? found.description(containing: place, memory),
                let rules = try? CallFrameProgram.rules(at: place, description, memory, remembered: &remembered)
            else { continue }
            _ = try? CallerStep.caller(of: registers, rules, returnRegister: 16, memory)
        }
    }

    @Test(
        "a program's memory, changed in many places",
        arguments: SeededGenerator.seeds(count: 2), [(options: ["-O2"], rounds: 1500), (["-O2", "-static"], 15)])
    func processes(seed: UInt64, build: (options: [String], rounds: Int)) async throws {
        try await ScratchDirectory.with { scratch in
            let program = try await StackProgram.compile(build.options, in: scratch)
            for name in ["sort", "altstack", "aligned"] {
                var random = SeededGenerator(seed: seed)
                var dump = try await StackProgram.dump(program, name, in: scratch)
                var walker = StackWalker()
                for _ in 0..<build.rounds {
                    if random.oneIn(2) { walker = StackWalker() }
                    HostileMemoryTests.walkChanged(&dump, program, &walker, &random)
                }
            }
        }
    }

    /// Changes some bytes of the stack or of the program, walks, and puts them back.
    private static func walkChanged(
        _ dump: inout ProcessDump, _ program: String, _ walker: inout StackWalker, _ random: inout SeededGenerator
    ) {
        var registers = dump.registers
        let stack = registers[.rsp]
        var changed: [(region: Int, offset: Int, byte: UInt8)] = []
        for _ in 0...random.below(8) {
            let region: Int
            let offset: Int
            if random.oneIn(2) {
                region = dump.bytes.regions.lastIndex { $0.start <= stack } ?? 0
                offset = Int(stack - dump.bytes.regions[region].start) + random.below(2048)
            } else {
                let mappings = dump.mappings.filter { $0.path == program }
                let start = mappings[random.below(mappings.count)].area.start
                region = dump.bytes.regions.firstIndex { $0.start == start } ?? 0
                offset = random.below(dump.bytes.regions[region].bytes.count)
            }
            guard offset < dump.bytes.regions[region].bytes.count else { continue }
            changed.append((region, offset, dump.bytes.regions[region].bytes[offset]))
            dump.bytes.setByte(offset, ofRegion: region, to: byte(&random))
        }
        if random.oneIn(4) { registers[.rbp] = random.next() }
        if random.oneIn(8) { registers[.rsp] = random.next() }
        var count = 0
        walker.walk(registers, in: &dump) { _, _, _ in
            count += 1
            return true
        }
        #expect(count <= StackWalker.frameCountMax)
        for (region, offset, byte) in changed.reversed() { dump.bytes.setByte(offset, ofRegion: region, to: byte) }
    }

    @Test("an ELF file, changed and cut off", arguments: SeededGenerator.seeds(count: 2))
    func symbols(seed: UInt64) async throws {
        try await ScratchDirectory.with { scratch in
            _ = try await StackProgram.compile(["-O2"], in: scratch)
            let bytes = try scratch.read("stacks")
            var random = SeededGenerator(seed: seed)
            for _ in 0..<400 {
                var changed = bytes
                for _ in 0..<1 + random.below(8) {
                    // Headers more often than the rest.
                    let header = random.oneIn(2) ? random.below(64 + 13 * 56) : bytes.count - 1 - random.below(2048)
                    let offset = random.oneIn(3) ? random.below(bytes.count) : header
                    changed[offset] = HostileMemoryTests.byte(&random)
                }
                if random.oneIn(4) { changed.removeLast(random.below(changed.count)) }
                let table = SymbolTable(elf: changed)
                for _ in 0..<20 {
                    _ = table.withSymbol(atFileOffset: UInt64(random.below(bytes.count * 2))) { _, _ in }
                    _ = table.withSymbol(atFileOffset: random.next()) { _, _ in }
                }
            }
        }
    }

    @Test("records of frames, changed", arguments: SeededGenerator.seeds(count: 4))
    func records(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var text = StackText { _, _ in }
        for _ in 0..<2000 {
            let bytes = (0..<random.below(200)).map { _ in random.oneIn(2) ? 0 : HostileMemoryTests.byte(&random) }
            var lines: [UInt8] = []
            bytes.withUnsafeBytes { text.append($0, to: &lines) }
            #expect(lines.isEmpty || lines.last == UInt8(ascii: "\n"))
        }
    }
}
