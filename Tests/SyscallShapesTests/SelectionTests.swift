import SyscallShapes
import Testing

@Suite("arguments that another argument decides about")
struct SelectionTests {
    private func kinds(_ shape: CallShape, _ words: UInt64...) -> [ArgumentKind] {
        var arguments = SyscallArguments(a: 0, b: 0, c: 0, d: 0, e: 0, f: 0)
        for (index, word) in words.enumerated() { arguments[index] = word }
        let resolved = shape.resolved(for: arguments)
        return (0..<resolved.count).map { resolved.kinds[$0] }
    }

    @Test("open has a mode only where it may make a file")
    func openMode() {
        let shape = CallShape([.directory, .path, .named(.openFlags), .selected(.openMode4)])
        #expect(kinds(shape, 0, 0, 0x8_0000).count == 3)
        #expect(kinds(shape, 0, 0, 0x241).last == .mode)
        #expect(kinds(shape, 0, 0, 0x41_0000).last == .mode)
    }

    @Test("fcntl: by command, and so is its result")
    func fileControl() {
        let shape = CallShape([.descriptor, .named(.fileControl), .selected(.fileControl)])
        #expect(kinds(shape, 3, 3).count == 2)
        #expect(kinds(shape, 3, 4).last == .named(.openFlags))
        #expect(kinds(shape, 3, 6).last == .input(.fileLock))
        #expect(kinds(shape, 3, 5).last == .update(.fileLock))
        let arguments = SyscallArguments(a: 3, b: 3, c: 0, d: 0, e: 0, f: 0)
        #expect(shape.resolved(for: arguments).result == .openFlags)
        #expect(!shape.resolved(for: arguments).isCapturedAtExit)
    }

    @Test("ioctl: by request")
    func deviceControl() {
        let shape = CallShape([.descriptor, .named(.deviceControl), .selected(.deviceControl)])
        #expect(kinds(shape, 0, 0x5401).last == .output(.terminal))
        #expect(kinds(shape, 0, 0x5413).last == .output(.windowSize))
        #expect(kinds(shape, 0, 0x5421).last == .input(.int32))
        #expect(kinds(shape, 0, 0x9999).last == .bits)
        #expect(kinds(shape, 0, 0x5451).count == 2)
    }

    @Test("futex: by operation, whatever clock and sharing")
    func futex() {
        let shape = CallShape(
            [.pointer, .named(.futexOperation), .unsigned, .selected(.futex), .pointer, .bits])
        #expect(kinds(shape, 0, 129, 1).count == 3)
        #expect(kinds(shape, 0, 128, 1)[3] == .input(.timespec))
        #expect(kinds(shape, 0, 393)[4] == .absent)
        #expect(kinds(shape, 0, 393)[5] == .named(.futexBits))
        #expect(kinds(shape, 0, 5).count == 6)
    }

    @Test("socket options: by level and option")
    func options() {
        let shape = CallShape(
            [.descriptor, .named(.socketLevel), .selected(.optionSetting), .input(.bytes, .count(4)), .integer])
        #expect(kinds(shape, 3, 1, 2, 0x1000, 4)[2] == .named(.socketOption))
        #expect(kinds(shape, 3, 1, 2, 0x1000, 4)[3] == .input(.int32))
        #expect(kinds(shape, 3, 1, 13, 0x1000, 8)[3] == .input(.linger))
        #expect(kinds(shape, 3, 6, 1, 0x1000, 4)[2] == .named(.tcpOption))
    }
}
