/// Rules as nearly all frames have them: the frame's address is a register and an offset, and what the function has
/// saved is in memory, so far from there. They fit in few bytes, so they are kept for the next walk.
struct FrameLayout: Sendable {
    private let baseRegister: UInt8
    private let baseOffset: Int32
    /// Of the registers below and of the return address, in bytes from the frame's address; 0 for one that was not
    /// saved, as the address itself is the caller's.
    private var offsets = InlineArray<7, Int16>(repeating: 0)

    /// Those that a function has to give back as they were, and rip.
    private static let registers: InlineArray<7, Int> = [3, 6, 12, 13, 14, 15, 16]
    private static let returnIndex = 6

    /// Nil where the rules say more than that.
    init?(_ rules: FrameRules, _ common: CommonInformation) {
        guard !common.isSignalFrame, common.returnRegister == UInt64(RegisterNumber.rip.rawValue),
            case .register(let number, let offset) = rules.base, let baseOffset = Int32(exactly: offset),
            number < UInt64(RegisterNumber.count)
        else { return nil }
        baseRegister = UInt8(number)
        self.baseOffset = baseOffset
        var savedCount = 0
        for index in offsets.indices {
            switch rules.registers[FrameLayout.registers[index]] {
            case .unspecified: break
            case .offset(let offset):
                guard let offset = Int16(exactly: offset), offset != 0 else { return nil }
                offsets[index] = offset
                savedCount += 1
            default: return nil
            }
        }
        guard offsets[FrameLayout.returnIndex] != 0, rules.count == savedCount else { return nil }
    }

    /// The caller's registers; nil where they cannot be read.
    func caller(of registers: FrameRegisters, _ memory: MemoryReader) -> FrameRegisters? {
        guard let base = registers[number: UInt64(baseRegister)] else { return nil }
        let frameAddress = base &+ UInt64(bitPattern: Int64(baseOffset))
        var caller = registers
        caller[.rsp] = frameAddress
        for index in offsets.indices where offsets[index] != 0 {
            let place = frameAddress &+ UInt64(bitPattern: Int64(offsets[index]))
            guard let value = memory.load(UInt64.self, at: place) else { return nil }
            caller.set(number: FrameLayout.registers[index], value)
        }
        return caller
    }
}
