import GuestLoader
import GuestMemory
import TestSupport
import Testing

/// Damaged files must be refused or come out whole; a trap would end the test run.
@Suite("damaged ELF files")
struct ElfDamageTests {
    /// Parses bytes both as the start of a large file and as the whole file; says what is wrong, or nil.
    private func problem(with bytes: [UInt8]) -> String? {
        for fileByteCount in [UInt64(bytes.count), 0x8000, .max] {
            do throws(ElfError) {
                let file = try ElfFile(parsing: bytes, fileByteCount: fileByteCount, limits: CraftedElf.limits)
                if let broken = violation(in: file, fileByteCount: fileByteCount, limits: CraftedElf.limits) {
                    return broken
                }
            } catch {
                if error.message.isEmpty { return "the error says nothing" }
            }
        }
        return nil
    }

    @Test("cut off at every length", arguments: [CraftedElf.fixed, .positionIndependent].map(\.bytes))
    func truncated(bytes: [UInt8]) {
        for length in 0..<bytes.count {
            let cut = Array(bytes.prefix(length))
            #expect(throws: ElfError.self, "length \(length)") {
                try ElfFile(parsing: cut, fileByteCount: 0x8000, limits: CraftedElf.limits)
            }
            #expect(throws: ElfError.self, "length \(length)") {
                try ElfFile(parsing: cut, fileByteCount: UInt64(length), limits: CraftedElf.limits)
            }
        }
        #expect(problem(with: bytes) == nil)
    }

    @Test("every byte set to hostile values", arguments: [CraftedElf.fixed, .positionIndependent].map(\.bytes))
    func hostileBytes(bytes: [UInt8]) {
        for offset in bytes.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
                var damaged = bytes
                damaged[offset] = value
                guard let problem = problem(with: damaged) else { continue }
                Issue.record("\(problem), with the byte at \(offset) set to \(value)")
            }
        }
    }

    @Test("every 8-byte field set to hostile values", arguments: [CraftedElf.fixed, .positionIndependent].map(\.bytes))
    func hostileWords(bytes: [UInt8]) {
        let values: [UInt64] = [0, 1, 4095, 4096, 1 << 31, 1 << 47, 1 << 63, .max - 4095, .max - 4096, .max - 1, .max]
        for offset in stride(from: 8, to: bytes.count - 7, by: 8) {
            for value in values {
                var damaged = bytes
                damaged.replaceSubrange(offset..<(offset + 8), with: CraftedElf.little(value))
                guard let problem = problem(with: damaged) else { continue }
                Issue.record("\(problem), with the word at \(offset) set to \(hexadecimal(value))")
            }
        }
    }

    @Test("several bytes at random", arguments: SeededGenerator.seeds(count: 4))
    func randomDamage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for step in 0..<3000 {
            var bytes = (generator.oneIn(2) ? CraftedElf.fixed : .positionIndependent).bytes
            for _ in 0...generator.below(6) {
                // Past the magic bytes, so that most get beyond the first check.
                let offset = 4 + generator.below(bytes.count - 4)
                bytes[offset] = UInt8(truncatingIfNeeded: generator.next())
            }
            guard let problem = problem(with: bytes) else { continue }
            Issue.record("\(problem) (\(SeededGenerator.replayHint(seed: seed, step: step)))")
        }
    }

    @Test("random bytes never stop the script parser", arguments: SeededGenerator.seeds(count: 2))
    func randomScripts(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet: [UInt8] = [0x20, 0x09, 0x0a, 0x00, 0x23, 0x21, 0x2f, 0x61]
        for step in 0..<5000 {
            let length = generator.oneIn(3) ? generator.below(300) : generator.below(12)
            let tail = (0..<length).map { _ in alphabet[generator.below(alphabet.count)] }
            guard let script = try? ScriptInterpreter(parsing: [0x23, 0x21] + tail) else { continue }
            let isWhole = !script.path.isEmpty && !script.path.contains { [0, 0x20, 0x09, 0x0a].contains($0) }
            let isClean = script.argument?.contains { [0, 0x0a].contains($0) } != true
            if !isWhole || !isClean {
                Issue.record("\(script) from \(tail) (\(SeededGenerator.replayHint(seed: seed, step: step)))")
            }
        }
    }
}
