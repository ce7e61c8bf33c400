import GuestLoader
import GuestMemory
import TestSupport
import Testing

@Suite("a new program's stack")
struct InitialStackTests {
    private static let top: UInt64 = 0x1fff_ffff_0000
    private let random = (0..<16).map { UInt8(0xa0 + $0) }

    private var auxiliary: AuxiliaryVector {
        var vector = AuxiliaryVector()
        vector.append(.pageByteCount, 4096)
        vector.append(.randomBytes, .randomBytesAddress)
        vector.append(.executablePath, .executablePathAddress)
        vector.append(.platform, .platformAddress)
        return vector
    }

    private func build(
        _ arguments: [String], _ environment: [String] = [], path: String = "/bin/x", limit: UInt64 = 8 << 20
    ) throws(ElfError) -> InitialStack {
        let contents = InitialStack.Contents(
            arguments: arguments.map { Array($0.utf8) }, environment: environment.map { Array($0.utf8) },
            executablePath: Array(path.utf8), randomBytes: random, auxiliaryVector: auxiliary)
        return try InitialStack(contents, stackTop: Self.top, stackByteLimit: limit)
    }

    @Test("every byte of a small stack is where Linux puts it")
    func layout() throws {
        let stack = try build(["a", "bc"], ["X=1"])
        // From the top: 8 zero bytes, "/bin/x", "X=1", "a" and "bc".
        let path = Self.top - 8 - 7
        let environment = path - 4
        let arguments = environment - 5
        #expect(stack.argumentStrings == AddressRange(start: arguments, end: environment))
        #expect(stack.environmentStrings == AddressRange(start: environment, end: path))
        let platform = (arguments & ~15) - 7
        let randomAddress = platform - 16
        // argc, two pointers, 0, one pointer, 0; four pairs and AT_NULL.
        let pointer = (randomAddress - 8 * 6 - 16 * 5) & ~15
        #expect(stack.stackPointer == pointer && stack.bytes.count == Int(Self.top - pointer))
        #expect(stack.auxiliaryVector == AddressRange(start: pointer + 48, count: 80))

        let words: [UInt64] = [
            2, arguments, arguments + 2, 0, environment, 0,
            6, 4096, 25, randomAddress, 31, path, 15, platform, 0, 0,
        ]
        #expect(Array(stack.bytes.prefix(128)) == words.flatMap(CraftedElf.little))
        let tail = [UInt8]("a\0bc\0X=1\0/bin/x\0".utf8) + [UInt8](repeating: 0, count: 8)
        #expect(stack.bytes.suffix(tail.count) == ArraySlice(tail))
    }

    @Test("a walker finds everything again", arguments: SeededGenerator.seeds(count: 4))
    func walked(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for step in 0..<200 {
            let arguments = randomStrings(&generator, atLeast: 1)
            let environment = randomStrings(&generator, atLeast: 0)
            let stack = try build(arguments, environment, path: arguments[0] + "/p")
            let hint = Comment(rawValue: SeededGenerator.replayHint(seed: seed, step: step))
            let walker = try StackWalker(stack)
            #expect(walker.arguments == arguments.map { Array($0.utf8) }, hint)
            #expect(walker.environment == environment.map { Array($0.utf8) }, hint)
            #expect(walker.auxiliary.map(\.key) == [6, 25, 31, 15], hint)
            #expect(stack.stackPointer % 16 == 0, hint)
            #expect(stack.stackPointer + UInt64(stack.bytes.count) == Self.top, hint)
            #expect(walker.tablesEnd == stack.auxiliaryVector.end, hint)

            let randomAddress = try #require(walker.value(of: .randomBytes))
            #expect(walker.bytes(at: randomAddress, count: 16) == random, hint)
            #expect(randomAddress >= walker.tablesEnd, hint)
            let platform = try #require(walker.value(of: .platform))
            #expect(walker.bytes(at: platform, count: 7) == Array("x86_64\0".utf8), hint)
            let path = try #require(walker.value(of: .executablePath))
            let expectedPath = Array((arguments[0] + "/p\0").utf8)
            #expect(walker.bytes(at: path, count: expectedPath.count) == expectedPath, hint)
            // Strings lie one after the other, as setproctitle and its like rely on.
            #expect(walker.argumentAddresses == walker.argumentAddresses.sorted(), hint)
            #expect(walker.argumentAddresses.first == stack.argumentStrings.start, hint)
            #expect(walker.environmentAddresses == walker.environmentAddresses.sorted(), hint)
        }
    }

    private func randomStrings(_ generator: inout SeededGenerator, atLeast: Int) -> [String] {
        (0..<(atLeast + generator.below(6))).map { _ in String(repeating: "v", count: generator.below(40)) }
    }

    @Test("no arguments become one empty one")
    func noArguments() throws {
        #expect(try StackWalker(build([])).arguments == [[]])
    }

    @Test("a string may have 128 KiB with its zero byte, and no more")
    func longStrings() throws {
        let longest = String(repeating: "x", count: 131_071)
        #expect(try StackWalker(build([longest])).arguments.first?.count == 131_071)
        for stack in [([longest + "x"], []), (["a"], [longest + "x"])] as [([String], [String])] {
            let error = #expect(throws: ElfError.self) { try build(stack.0, stack.1) }
            #expect(error?.code == .argumentListTooLong && error?.errorNumber == 7)
        }
    }

    @Test(
        "all together may have a quarter of the stack, at least 128 KiB and at most 6 MiB",
        arguments: [(0, 131_072), (8 << 20, 2 << 20), (24 << 20, 6 << 20), (UInt64.max, 6 << 20)] as [(UInt64, UInt64)])
    func totals(stackByteLimit: UInt64, total: UInt64) throws {
        #expect(InitialStack.contentByteLimit(stackByteLimit: stackByteLimit) == total)
        // Strings of 1000 bytes cost 1009 with zero byte and pointer; the path "/bin/x" costs 7.
        let string = String(repeating: "x", count: 1000)
        let count = Int(total - 7) / 1009
        let rest = Int(total - 7) - count * 1009
        var arguments = [String](repeating: string, count: count)
        arguments[0] += String(repeating: "y", count: rest)
        #expect(try build(arguments, limit: stackByteLimit).bytes.count > Int(total))
        arguments[0] += "z"
        #expect(throws: ElfError.self) { try build(arguments, limit: stackByteLimit) }
    }

    @Test("a zero byte inside a string is refused")
    func zeroByte() {
        for (arguments, environment) in [(["a\0b"], []), (["a"], ["X\0=1"])] as [([String], [String])] {
            let error = #expect(throws: ElfError.self) { try build(arguments, environment) }
            #expect(error?.code == .badArgument)
        }
    }

    @Test("a stack at the bottom of memory has no room")
    func noRoom() {
        let contents = InitialStack.Contents(
            arguments: [Array(repeating: 1, count: 5000)], environment: [], executablePath: [], randomBytes: random,
            auxiliaryVector: auxiliary)
        for top: UInt64 in [0, 4096] {
            let error = #expect(throws: ElfError.self) {
                try InitialStack(contents, stackTop: top, stackByteLimit: .max)
            }
            #expect(error?.code == .argumentListTooLong)
        }
    }
}
