/// The way from a frame to its caller's, by the rules that hold where the frame is.
enum CallerStep {
    /// The caller's registers; nil where the rules say that there is no caller.
    static func caller(
        of registers: FrameRegisters, _ rules: FrameRules, returnRegister: UInt64, _ memory: MemoryReader
    ) throws(UnwindError) -> FrameRegisters? {
        let frameAddress: UInt64
        switch rules.base {
        case .unspecified: throw .malformed
        case .register(let number, let offset):
            guard let value = registers[number: number] else { throw .unsupported }
            frameAddress = value &+ UInt64(bitPattern: offset)
        case .expression(let expression):
            frameAddress = try ExpressionMachine.value(of: expression, registers, frameAddress: nil, memory)
        }
        guard returnRegister < UInt64(RegisterNumber.count) else { throw .unsupported }
        switch rules.registers[Int(returnRegister)] {
        case .undefined: return nil
        // Whoever's return address is still where it was would go on in the same place for ever.
        case .unspecified: throw .malformed
        default: break
        }
        var caller = registers
        caller[.rsp] = frameAddress
        for number in 0..<RegisterNumber.count {
            guard let value = try value(number, registers, rules, frameAddress, memory) else { continue }
            caller.set(number: number, value)
        }
        if returnRegister != UInt64(RegisterNumber.rip.rawValue), let place = caller[number: returnRegister] {
            caller[.rip] = place
        }
        return caller
    }

    /// A register's value in the caller; nil where nothing was said of it, or it is lost.
    @inline(__always)
    private static func value(
        _ number: Int, _ registers: FrameRegisters, _ rules: FrameRules, _ frameAddress: UInt64, _ memory: MemoryReader
    ) throws(UnwindError) -> UInt64? {
        let place: UInt64
        switch rules.registers[number] {
        case .unspecified, .undefined: return nil
        case .offset(let offset): place = frameAddress &+ UInt64(bitPattern: offset)
        case .valueOffset(let offset): return frameAddress &+ UInt64(bitPattern: offset)
        case .register(let other):
            guard let value = registers[number: other] else { throw .unsupported }
            return value
        case .expression(let expression):
            place = try ExpressionMachine.value(of: expression, registers, frameAddress: frameAddress, memory)
        case .valueExpression(let expression):
            return try ExpressionMachine.value(of: expression, registers, frameAddress: frameAddress, memory)
        }
        guard let value = memory.load(UInt64.self, at: place) else { throw .unreadable }
        return value
    }
}
