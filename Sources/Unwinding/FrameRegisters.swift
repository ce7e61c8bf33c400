/// The registers that a frame had when it made its call.
public struct FrameRegisters: Sendable {
    private var values = InlineArray<17, UInt64>(repeating: 0)

    /// All zero.
    public init() {}

    public subscript(_ register: RegisterNumber) -> UInt64 {
        get { values[register.rawValue] }
        set { values[register.rawValue] = newValue }
    }

    /// By number, as a table has it; nil for one that is none of these.
    subscript(number number: UInt64) -> UInt64? {
        number < UInt64(RegisterNumber.count) ? values[Int(number)] : nil
    }

    mutating func set(number: Int, _ value: UInt64) {
        values[number] = value
    }
}
