import Testing

@testable import Unwinding

/// Descriptions of frames made by hand: what each instruction does to the way to the caller.
@Suite("descriptions of frames")
struct CallFrameTests {
    private static let stack: UInt64 = 0x7fff_0000

    /// Words at the stack's start: n is 0x1000 + n.
    private static func memory(_ table: FrameTable) -> MemoryReader {
        let words = (0..<64).flatMap { index in
            (0..<8).map { UInt8(truncatingIfNeeded: UInt64(0x1000 + index) >> UInt64($0 * 8)) }
        }
        return BytesMemory([
            .init(start: stack, bytes: words), .init(start: FrameTable.records, bytes: table.recordBytes),
            .init(start: FrameTable.header, bytes: table.headerBytes),
        ]).reader
    }

    /// The caller's registers, from so many bytes into the function.
    private static func caller(_ table: FrameTable, at offset: UInt64) throws -> FrameRegisters? {
        let memory = memory(table)
        let found = try #require(UnwindTable(header: FrameTable.header, in: memory))
        let place = FrameTable.function + offset
        let description = try #require(try found.description(containing: place, memory))
        var registers = FrameRegisters()
        registers[.rip] = place
        registers[.rsp] = stack
        registers[.rbp] = stack + 0x80
        registers[.rbx] = 0xb
        var remembered: [FrameRules] = []
        let rules = try CallFrameProgram.rules(at: place, description, memory, remembered: &remembered)
        return try CallerStep.caller(
            of: registers, rules, returnRegister: description.common.returnRegister, memory)
    }

    @Test("what is in a header's table, and what is not")
    func lookUp() throws {
        let memory = CallFrameTests.memory(FrameTable([]))
        let table = try #require(UnwindTable(header: FrameTable.header, in: memory))
        let last = FrameTable.function + UInt64(FrameTable.functionByteCount) - 1
        for place in [FrameTable.function, last] {
            let function = try #require(table.function(containing: place, in: memory))
            #expect(function == (FrameTable.function, UInt64(FrameTable.functionByteCount)))
        }
        #expect(table.function(containing: FrameTable.function - 1, in: memory) == nil)
        #expect(table.function(containing: last + 1, in: memory) == nil)
        #expect(UnwindTable(header: FrameTable.records, in: memory) == nil)
        #expect(UnwindTable(header: 0, in: memory) == nil)
    }

    @Test("a function with a frame pointer, instruction by instruction")
    func framePointer() throws {
        // advance 1; def_cfa_offset 16; offset rbp, cfa-16; advance 3; def_cfa_register rbp; advance 16; def_cfa rsp+8
        let table = FrameTable([0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x50, 0x0c, 7, 8])
        let expected: [(offset: UInt64, rip: UInt64, rsp: UInt64, rbp: UInt64)] = [
            (0, 0x1000, 8, CallFrameTests.stack + 0x80), (1, 0x1001, 16, 0x1000), (4, 0x1011, 0x90, 0x1010),
            (19, 0x1011, 0x90, 0x1010), (20, 0x1000, 8, 0x0fff),
        ]
        for (offset, rip, rsp, rbp) in expected.dropLast() {
            let caller = try #require(try CallFrameTests.caller(table, at: offset))
            #expect(caller[.rip] == rip && caller[.rsp] == CallFrameTests.stack + rsp && caller[.rbp] == rbp)
            #expect(caller[.rbx] == 0xb)
        }
        // rbp's rule is still that of its slot, which is below the stack now: this one cannot be read.
        #expect(throws: UnwindError.unreadable) { try CallFrameTests.caller(table, at: 20) }
    }

    @Test(
        "each kind of rule",
        arguments: [
            // offset_extended rbx, cfa-8
            ([0x05, 3, 1], 0x1000),
            // offset_extended_sf rbx, cfa+8
            ([0x11, 3, 0x7f], 0x1002),
            // GNU_negative_offset_extended rbx, cfa+8
            ([0x2f, 3, 1], 0x1002),
            // val_offset rbx, cfa-16; val_offset_sf rbx, cfa+8
            ([0x14, 3, 2], stack - 8),
            ([0x15, 3, 0x7f], stack + 16),
            // register rbx, rbp
            ([0x09, 3, 6], stack + 0x80),
            // same_value, undefined; restore; restore_extended
            ([0x83, 1, 0x08, 3], 0xb),
            ([0x83, 1, 0x07, 3], 0xb),
            ([0x83, 1, 0xc3], 0xb),
            ([0x83, 1, 0x06, 3], 0xb),
            // expression rbx: cfa is on the stack, plus_uconst 8
            ([0x10, 3, 2, 0x23, 8], 0x1002),
            // val_expression rbx: breg6 -16
            ([0x16, 3, 2, 0x76, 0x70], stack + 0x70),
            // remember_state, offset, restore_state
            ([0x0a, 0x83, 1, 0x0b], 0xb),
            // GNU_args_size; nop; a vector register
            ([0x2e, 16, 0x00, 0x91, 3], 0xb),
            // def_cfa_sf rsp+16, def_cfa_offset_sf: rbx is where the frame's address says
            ([0x12, 7, 0x7e, 0x83, 1, 0x13, 0x7f], 0x1000),
            // set_loc (relative) behind the place; advance1, 2 and 4
            ([0x83, 1, 0x02, 9, 0x83, 2], 0x1000),
            ([0x83, 1, 0x03, 9, 0, 0x83, 2], 0x1000),
            ([0x83, 1, 0x04, 9, 0, 0, 0, 0x83, 2], 0x1000),
            ([0x83, 1, 0x01, 0, 1, 0, 0, 0x83, 2], 0x1000),
        ] as [([UInt8], UInt64)])
    func rules(instructions: [UInt8], value: UInt64) throws {
        let caller = try #require(try CallFrameTests.caller(FrameTable(instructions), at: 8))
        #expect(caller[.rbx] == value)
    }

    @Test("a frame's address by an expression, as in the PLT")
    func plt() throws {
        // breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus
        let expression: [UInt8] = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22]
        let table = FrameTable([0x0f, UInt8(expression.count)] + expression)
        let before = try #require(try CallFrameTests.caller(table, at: 0x10))
        let behind = try #require(try CallFrameTests.caller(table, at: 0x1b))
        #expect(before[.rsp] == CallFrameTests.stack + 8 && before[.rip] == 0x1000)
        #expect(behind[.rsp] == CallFrameTests.stack + 16 && behind[.rip] == 0x1001)
    }

    @Test("no caller where the return address is undefined")
    func undefined() throws {
        #expect(try CallFrameTests.caller(FrameTable([0x07, 16]), at: 8) == nil)
    }

    @Test("personality, language's data and the mark of a signal's frame")
    func augmentation() throws {
        let table = FrameTable([0x83, 1], letters: "zPLRS", data: [0x9b, 1, 2, 3, 4, 0x1b, 0x1b])
        let memory = CallFrameTests.memory(table)
        let found = try #require(UnwindTable(header: FrameTable.header, in: memory))
        let description = try #require(try found.description(containing: FrameTable.function, memory))
        #expect(description.common.isSignalFrame && description.common.returnRegister == 16)
        let caller = try #require(try CallFrameTests.caller(table, at: 8))
        #expect(caller[.rbx] == 0x1000)
    }

    @Test(
        "what makes no sense",
        arguments: [
            // restore_state without anything remembered; an instruction that nobody has
            ([0x0b], UnwindError.malformed), ([0x3d], .unsupported),
            // def_cfa_register after an expression; a frame's address by a vector register
            ([0x0f, 1, 0x30, 0x0d, 6], .malformed), ([0x0c, 17, 8], .unsupported),
            // an expression longer than the record; one that jumps to itself; an empty one
            ([0x0f, 100, 0x30], .malformed), ([0x0f, 3, 0x2f, 0xfd, 0xff], .malformed), ([0x0f, 0], .malformed),
            // a division by zero; the lowest number by -1; memory that is not there
            ([0x0f, 3, 0x31, 0x30, 0x1b], .malformed),
            ([0x0f, 12, 0x0e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x09, 0xff, 0x1b], .malformed),
            ([0x0f, 2, 0x30, 0x06], .unreadable),
            // more than the machine's stack holds
            ([0x0f, 5, 0x30, 0x12, 0x2f, 0xfc, 0xff], .malformed),
            // a return address that is in no place
            ([0x08, 16], .malformed),
        ] as [([UInt8], UnwindError)])
    func nonsense(instructions: [UInt8], error: UnwindError) {
        #expect(throws: error) { try CallFrameTests.caller(FrameTable(instructions), at: 8) }
    }

    @Test("remembered states have a limit")
    func rememberedLimit() {
        let table = FrameTable([UInt8](repeating: 0x0a, count: 100))
        #expect(throws: UnwindError.unsupported) { try CallFrameTests.caller(table, at: 8) }
    }
}
