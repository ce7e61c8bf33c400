/// A row of the table that a frame's description stands for: how to come from a frame to its caller's.
struct FrameRules {
    /// Where the canonical frame address is: what the stack pointer was before the call.
    enum Base {
        case unspecified
        case register(UInt64, offset: Int64)
        case expression(FrameExpression)
    }

    var base = Base.unspecified
    var registers = InlineArray<17, RegisterRule>(repeating: .unspecified)

    /// Rules for vector registers are left out: no caller is found by them.
    mutating func set(_ register: UInt64, _ rule: RegisterRule) {
        guard register < UInt64(RegisterNumber.count) else { return }
        registers[Int(register)] = rule
    }

    /// Of how many registers something is said.
    var count: Int {
        registers.indices.count { number in
            if case .unspecified = registers[number] { false } else { true }
        }
    }
}
