/// Computes what a frame's expression says: a machine with a stack.
///
/// Jumps may go back, so it is the number of steps that ends each computation.
struct ExpressionMachine {
    private var cursor: MemoryCursor
    private let start: UInt64
    private let registers: FrameRegisters
    private var stack = InlineArray<16, UInt64>(repeating: 0)
    private var depth = 0

    private static let stepsMax = 256

    private init(_ expression: FrameExpression, _ registers: FrameRegisters, _ memory: MemoryReader) {
        cursor = MemoryCursor(memory, from: expression.start, to: expression.end)
        start = expression.start
        self.registers = registers
    }

    /// The value that is on top in the end. `frameAddress` is there before, where the rule wants it.
    static func value(
        of expression: FrameExpression, _ registers: FrameRegisters, frameAddress: UInt64?, _ memory: MemoryReader
    ) throws(UnwindError) -> UInt64 {
        var machine = ExpressionMachine(expression, registers, memory)
        if let frameAddress { try machine.push(frameAddress) }
        for _ in 0..<stepsMax {
            if machine.cursor.isAtEnd { return try machine.pop() }
            try machine.step()
        }
        throw .malformed
    }

    private mutating func push(_ value: UInt64) throws(UnwindError) {
        guard depth < stack.count else { throw .malformed }
        stack[depth] = value
        depth += 1
    }

    private mutating func pop() throws(UnwindError) -> UInt64 {
        guard depth > 0 else { throw .malformed }
        depth -= 1
        return stack[depth]
    }

    /// The value so many below the top.
    private func peek(_ distance: Int) throws(UnwindError) -> UInt64 {
        guard distance < depth else { throw .malformed }
        return stack[depth - 1 - distance]
    }

    private mutating func step() throws(UnwindError) {
        let operation = try cursor.byte()
        switch operation {
        case 0x30...0x4f: try push(UInt64(operation - 0x30))  // lit
        case 0x70...0x8f:  // breg
            let offset = try cursor.signedVariable()
            try push(register(UInt64(operation - 0x70)) &+ UInt64(bitPattern: offset))
        case 0x92:  // bregx
            let number = try cursor.unsignedVariable()
            try push(register(number) &+ UInt64(bitPattern: try cursor.signedVariable()))
        case 0x03, 0x08...0x11: try pushConstant(operation)
        case 0x12...0x17: try moveOnStack(operation)
        case 0x06: try push(load(byteCount: 8, at: pop()))  // deref
        case 0x94: try push(load(byteCount: cursor.byte(), at: pop()))  // deref_size
        case 0x19, 0x1f, 0x20, 0x23: try push(try changed(try pop(), operation))
        case 0x1a...0x1e, 0x21, 0x22, 0x24...0x27, 0x29...0x2e:
            let right = try pop()
            try push(combined(try pop(), right, operation))
        case 0x28, 0x2f:  // bra, skip
            let distance = try cursor.number(Int16.self)
            if operation == 0x2f { return try jump(distance) }
            if try pop() != 0 { try jump(distance) }
        case 0x96: break  // nop
        default: throw .unsupported
        }
    }

    private func register(_ number: UInt64) throws(UnwindError) -> UInt64 {
        guard let value = registers[number: number] else { throw .unsupported }
        return value
    }

    private func load(byteCount: UInt8, at address: UInt64) throws(UnwindError) -> UInt64 {
        let value: UInt64? =
            switch byteCount {
            case 1: cursor.memory.load(UInt8.self, at: address).map(UInt64.init)
            case 2: cursor.memory.load(UInt16.self, at: address).map(UInt64.init)
            case 4: cursor.memory.load(UInt32.self, at: address).map(UInt64.init)
            case 8: cursor.memory.load(UInt64.self, at: address)
            default: throw .unsupported
            }
        guard let value else { throw .unreadable }
        return value
    }

    private mutating func jump(_ distance: Int16) throws(UnwindError) {
        let place = cursor.position &+ UInt64(bitPattern: Int64(distance))
        guard place >= start else { throw .malformed }
        try cursor.move(to: place)
    }

    private mutating func pushConstant(_ operation: UInt8) throws(UnwindError) {
        let value: UInt64 =
            switch operation {
            case 0x03, 0x0e, 0x0f: try cursor.number(UInt64.self)
            case 0x08: UInt64(try cursor.byte())
            case 0x09: UInt64(bitPattern: Int64(try cursor.number(Int8.self)))
            case 0x0a: UInt64(try cursor.number(UInt16.self))
            case 0x0b: UInt64(bitPattern: Int64(try cursor.number(Int16.self)))
            case 0x0c: UInt64(try cursor.number(UInt32.self))
            case 0x0d: UInt64(bitPattern: Int64(try cursor.number(Int32.self)))
            case 0x10: try cursor.unsignedVariable()
            default: UInt64(bitPattern: try cursor.signedVariable())
            }
        try push(value)
    }

    private mutating func moveOnStack(_ operation: UInt8) throws(UnwindError) {
        switch operation {
        case 0x12: try push(peek(0))  // dup
        case 0x13: _ = try pop()  // drop
        case 0x14: try push(peek(1))  // over
        case 0x15: try push(peek(Int(cursor.byte())))  // pick
        case 0x16:  // swap
            let (top, second) = (try pop(), try pop())
            try push(top)
            try push(second)
        default:  // rot
            let (top, second, third) = (try pop(), try pop(), try pop())
            try push(top)
            try push(third)
            try push(second)
        }
    }

    private mutating func changed(_ value: UInt64, _ operation: UInt8) throws(UnwindError) -> UInt64 {
        switch operation {
        case 0x19: Int64(bitPattern: value).magnitude  // abs
        case 0x1f: 0 &- value  // neg
        case 0x20: ~value  // not
        default: value &+ (try cursor.unsignedVariable())  // plus_uconst
        }
    }

    private func combined(_ left: UInt64, _ right: UInt64, _ operation: UInt8) throws(UnwindError) -> UInt64 {
        let (signedLeft, signedRight) = (Int64(bitPattern: left), Int64(bitPattern: right))
        switch operation {
        case 0x1a: return left & right
        case 0x1b:  // div
            let (quotient, overflow) = signedLeft.dividedReportingOverflow(by: signedRight)
            guard !overflow else { throw .malformed }
            return UInt64(bitPattern: quotient)
        case 0x1c: return left &- right
        case 0x1d:  // mod
            guard right != 0 else { throw .malformed }
            return left % right
        case 0x1e: return left &* right
        case 0x21: return left | right
        case 0x22: return left &+ right
        case 0x24: return left << right
        case 0x25: return left >> right
        case 0x26: return UInt64(bitPattern: signedLeft >> right)
        case 0x27: return left ^ right
        case 0x29: return left == right ? 1 : 0
        case 0x2a: return signedLeft >= signedRight ? 1 : 0
        case 0x2b: return signedLeft > signedRight ? 1 : 0
        case 0x2c: return signedLeft <= signedRight ? 1 : 0
        case 0x2d: return signedLeft < signedRight ? 1 : 0
        default: return left != right ? 1 : 0
        }
    }
}
