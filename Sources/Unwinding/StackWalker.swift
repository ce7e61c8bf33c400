/// Goes from a frame to its caller's, and on, until there is none.
///
/// Nothing that is read on the way is trusted: whatever is in memory, a walk ends, and reads only through
/// ``StackSurroundings``. Whoever walks often keeps the walker: it knows where modules have their tables.
public struct StackWalker: Sendable {
    private var modules = ModuleCache()
    private var layouts = LayoutCache()
    /// Room that walks use again.
    private var remembered: [FrameRules] = []

    /// As deep as strace goes.
    public static let frameCountMax = 256

    public init() {}

    /// Calls `body` with each frame and the code that it is in, the innermost first, until it answers false.
    ///
    /// The first is that of `registers`, whose rip is behind an instruction that called: the one for a system call.
    public mutating func walk<Surroundings: StackSurroundings>(
        _ registers: FrameRegisters, in surroundings: inout Surroundings, frameCountMax: Int = frameCountMax,
        _ body: (StackFrame, CodeArea, inout Surroundings) -> Bool
    ) {
        var registers = registers
        var isInterrupted = false
        for count in 0..<max(frameCountMax, 0) {
            let frame = StackFrame(address: registers[.rip], isInterrupted: isInterrupted)
            guard let area = surroundings.code(at: frame.place) else { return }
            let caller = caller(of: registers, frame, area, isTop: count == 0 || isInterrupted, &surroundings)
            // What a signal's handler returns to has made no call either.
            let isExact = isInterrupted || caller?.isInterrupted == true
            guard body(StackFrame(address: frame.address, isInterrupted: isExact), area, &surroundings), let caller,
                // A signal's handler may have a stack of its own, above or below.
                caller.registers[.rsp] > registers[.rsp] || caller.isInterrupted
            else { return }
            (registers, isInterrupted) = caller
        }
    }

    private mutating func caller(
        of registers: FrameRegisters, _ frame: StackFrame, _ area: CodeArea, isTop: Bool,
        _ surroundings: inout some StackSurroundings
    ) -> (registers: FrameRegisters, isInterrupted: Bool)? {
        let memory = surroundings.memory
        if let layout = layouts.layout(at: frame.place, area), let caller = layout.caller(of: registers, memory) {
            return (caller, false)
        }
        // A description that leads nowhere is as good as none.
        guard area.isOfFile, let table = modules.table(of: area, surroundings),
            let description = try? table.description(containing: frame.place, memory),
            let rules = try? CallFrameProgram.rules(at: frame.place, description, memory, remembered: &remembered)
        else { return UndescribedStep.caller(of: registers, isTop: isTop, &surroundings) }
        let common = description.common
        if let layout = FrameLayout(rules, common) { layouts.insert(layout, at: frame.place, area) }
        do {
            let caller = try CallerStep.caller(of: registers, rules, returnRegister: common.returnRegister, memory)
            return caller.map { ($0, common.isSignalFrame) }
        } catch {
            return UndescribedStep.caller(of: registers, isTop: isTop, &surroundings)
        }
    }
}
