/// The way from a frame to its caller's where no table describes it: generated code, Go, hand-written assembly.
///
/// What is on the stack is believed only where it leads to behind a call.
enum UndescribedStep {
    /// Nil where nothing that looks like a caller is found. `isTop`: the frame has called no function.
    static func caller(
        of registers: FrameRegisters, isTop: Bool, _ surroundings: inout some StackSurroundings
    ) -> (registers: FrameRegisters, isInterrupted: Bool)? {
        if let interrupted = interrupted(registers, surroundings.memory) { return (interrupted, true) }
        // What only makes a system call, in assembly, has pushed nothing.
        if isTop,
            let caller = caller(of: registers, returningBy: registers[.rsp], frame: registers[.rbp], &surroundings)
        {
            return (caller, false)
        }
        let frame = registers[.rbp]
        guard frame % 8 == 0, frame >= registers[.rsp], frame - registers[.rsp] <= frameByteCountMax,
            let callerFrame = surroundings.memory.load(UInt64.self, at: frame),
            let caller = caller(of: registers, returningBy: frame &+ 8, frame: callerFrame, &surroundings)
        else { return nil }
        return (caller, false)
    }

    private static let frameByteCountMax: UInt64 = 16 << 20

    private static func caller(
        of registers: FrameRegisters, returningBy slot: UInt64, frame: UInt64,
        _ surroundings: inout some StackSurroundings
    ) -> FrameRegisters? {
        guard let address = surroundings.memory.load(UInt64.self, at: slot),
            surroundings.code(at: address &- 1) != nil,
            CallInstruction.isBefore(address, surroundings.memory)
                || isSignalReturn(address, surroundings.memory)
        else { return nil }
        var caller = registers
        caller[.rip] = address
        caller[.rsp] = slot &+ 8
        caller[.rbp] = frame
        return caller
    }

    /// What a signal's handler returns to: `mov $15, %rax` (or `%eax`), `syscall`.
    private static func isSignalReturn(_ address: UInt64, _ memory: MemoryReader) -> Bool {
        guard let code = memory.load(UInt64.self, at: address) else { return false }
        if code & 0xff_ffff_ffff_ffff == 0x05_0f00_0000_0fb8 { return true }
        return code == 0x0f00_0000_0fc0_c748 && memory.load(UInt8.self, at: address &+ 8) == 0x05
    }

    /// The registers that a signal interrupted: in the frame above its handler's (struct ucontext, `uc_mcontext`).
    private static func interrupted(_ registers: FrameRegisters, _ memory: MemoryReader) -> FrameRegisters? {
        guard isSignalReturn(registers[.rip], memory) else { return nil }
        var caller = FrameRegisters()
        for (index, register) in savedOrder.enumerated() {
            guard let value = memory.load(UInt64.self, at: registers[.rsp] &+ 40 &+ UInt64(index) * 8) else {
                return nil
            }
            caller[register] = value
        }
        return caller
    }

    private static let savedOrder: [RegisterNumber] = [
        .r8, .r9, .r10, .r11, .r12, .r13, .r14, .r15, .rdi, .rsi, .rbp, .rbx, .rdx, .rax, .rcx, .rsp, .rip,
    ]
}
