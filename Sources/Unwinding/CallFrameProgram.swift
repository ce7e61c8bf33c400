/// Runs a description's instructions (DWARF 5, 6.4.2) up to an address, which gives the rules that hold there.
struct CallFrameProgram {
    private let description: FrameDescription
    private let target: UInt64
    private let memory: MemoryReader
    private var location: UInt64
    private var rules = FrameRules()
    /// Those after the common instructions, to which DW_CFA_restore goes back.
    private var initialRules = FrameRules()

    /// Compilers nest them once or twice.
    private static let rememberedMax = 16

    private init(_ description: FrameDescription, _ target: UInt64, _ memory: MemoryReader) {
        self.description = description
        self.target = target
        self.memory = memory
        location = description.start
    }

    /// The rules at `target`. `remembered` is room that is used again.
    static func rules(
        at target: UInt64, _ description: FrameDescription, _ memory: MemoryReader, remembered: inout [FrameRules]
    ) throws(UnwindError) -> FrameRules {
        remembered.removeAll(keepingCapacity: true)
        var program = CallFrameProgram(description, target, memory)
        let common = description.common
        try program.run(MemoryCursor(memory, from: common.instructions, to: common.end), &remembered)
        program.initialRules = program.rules
        program.location = description.start
        try program.run(MemoryCursor(memory, from: description.instructions, to: description.end), &remembered)
        return program.rules
    }

    private mutating func run(
        _ start: MemoryCursor, _ remembered: inout [FrameRules]
    ) throws(UnwindError) {
        var cursor = start
        while !cursor.isAtEnd {
            let instruction = try cursor.byte()
            let operand = UInt64(instruction & 0x3f)
            switch instruction {
            case 0x40...0x7f: location &+= operand &* description.common.codeAlignment
            case 0x80...0xbf: rules.set(operand, .offset(try scaled(try cursor.unsignedVariable())))
            case 0xc0...0xff: restore(operand)
            case 0x01...0x04: try advance(instruction, &cursor)
            case 0x05...0x09, 0x10, 0x11, 0x14...0x16, 0x2f: try setRegister(instruction, &cursor)
            case 0x0a:  // remember_state
                guard remembered.count < CallFrameProgram.rememberedMax else { throw .unsupported }
                remembered.append(rules)
            case 0x0b:  // restore_state
                guard let last = remembered.popLast() else { throw .malformed }
                rules = last
            case 0x0c...0x0f, 0x12, 0x13: try setBase(instruction, &cursor)
            case 0x00: break  // nop
            case 0x2e: _ = try cursor.unsignedVariable()  // GNU_args_size
            default: throw .unsupported
            }
            if location > target { return }
        }
    }

    private mutating func advance(
        _ instruction: UInt8, _ cursor: inout MemoryCursor
    ) throws(UnwindError) {
        let alignment = description.common.codeAlignment
        switch instruction {
        case 0x01: location = try cursor.pointer(description.common.pointerEncoding)  // set_loc
        case 0x02: location &+= UInt64(try cursor.byte()) &* alignment
        case 0x03: location &+= UInt64(try cursor.number(UInt16.self)) &* alignment
        default: location &+= UInt64(try cursor.number(UInt32.self)) &* alignment
        }
    }

    private mutating func restore(_ register: UInt64) {
        guard register < UInt64(RegisterNumber.count) else { return }
        rules.registers[Int(register)] = initialRules.registers[Int(register)]
    }

    private mutating func setRegister(
        _ instruction: UInt8, _ cursor: inout MemoryCursor
    ) throws(UnwindError) {
        let register = try cursor.unsignedVariable()
        switch instruction {
        case 0x05: rules.set(register, .offset(try scaled(try cursor.unsignedVariable())))
        case 0x06: restore(register)
        case 0x07: rules.set(register, .undefined)
        case 0x08: rules.set(register, .unspecified)  // same_value
        case 0x09: rules.set(register, .register(try cursor.unsignedVariable()))
        case 0x10: rules.set(register, .expression(try FrameExpression(at: &cursor)))
        case 0x11: rules.set(register, .offset(scaled(try cursor.signedVariable())))
        case 0x14: rules.set(register, .valueOffset(try scaled(try cursor.unsignedVariable())))
        case 0x15: rules.set(register, .valueOffset(scaled(try cursor.signedVariable())))
        case 0x16: rules.set(register, .valueExpression(try FrameExpression(at: &cursor)))
        default:  // GNU_negative_offset_extended
            rules.set(register, .offset(0 &- (try scaled(try cursor.unsignedVariable()))))
        }
    }

    private mutating func setBase(
        _ instruction: UInt8, _ cursor: inout MemoryCursor
    ) throws(UnwindError) {
        switch instruction {
        case 0x0c:
            let register = try cursor.unsignedVariable()
            rules.base = .register(register, offset: Int64(bitPattern: try cursor.unsignedVariable()))
        case 0x0d:
            guard case .register(_, let offset) = rules.base else { throw .malformed }
            rules.base = .register(try cursor.unsignedVariable(), offset: offset)
        case 0x0e:
            guard case .register(let register, _) = rules.base else { throw .malformed }
            rules.base = .register(register, offset: Int64(bitPattern: try cursor.unsignedVariable()))
        case 0x0f: rules.base = .expression(try FrameExpression(at: &cursor))
        case 0x12:
            let register = try cursor.unsignedVariable()
            rules.base = .register(register, offset: scaled(try cursor.signedVariable()))
        default:
            guard case .register(let register, _) = rules.base else { throw .malformed }
            rules.base = .register(register, offset: scaled(try cursor.signedVariable()))
        }
    }

    private func scaled(_ offset: Int64) -> Int64 {
        offset &* description.common.dataAlignment
    }

    private func scaled(_ offset: UInt64) throws(UnwindError) -> Int64 {
        guard let offset = Int64(exactly: offset) else { throw .malformed }
        return scaled(offset)
    }
}
