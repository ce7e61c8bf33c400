import Testing

@testable import Unwinding

/// What tells a return address from other numbers.
@Suite("calls in front of an address")
struct CallInstructionTests {
    @Test(
        "calls of every form",
        arguments: [
            [0xe8, 1, 2, 3, 4], [0xff, 0xd0], [0xff, 0x10], [0x41, 0xff, 0xd4], [0xff, 0x14, 0x24], [0xff, 0x50, 8],
            [0xff, 0x54, 0x24, 8], [0xff, 0x15, 1, 2, 3, 4], [0xff, 0x90, 1, 2, 3, 4], [0xff, 0x94, 0x24, 1, 2, 3, 4],
            [0xff, 0x14, 0x25, 1, 2, 3, 4],
        ] as [[UInt8]])
    func calls(code: [UInt8]) {
        for padding in [0, 1, 16] {
            let bytes = [UInt8](repeating: 0x90, count: padding) + code
            let memory = BytesMemory(bytes, at: 0x1000).reader
            #expect(CallInstruction.isBefore(0x1000 + UInt64(bytes.count), memory), "\(padding) bytes before")
        }
    }

    @Test(
        "other instructions",
        arguments: [
            [0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90], [0xff, 0xe0], [0xff, 0x25, 1, 2, 3, 4], [0xe9, 1, 2, 3, 4],
            [0x0f, 0x05], [0xff, 0xd0, 0x90], [],
        ] as [[UInt8]])
    func others(code: [UInt8]) {
        let memory = BytesMemory(code, at: 0x1000).reader
        #expect(!CallInstruction.isBefore(0x1000 + UInt64(code.count), memory))
    }
}
