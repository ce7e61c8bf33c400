/// Whether machine code calls something: what tells a return address from any other number on a stack.
enum CallInstruction {
    private static let byteCountMax: UInt64 = 7

    /// Whether one of the instructions that can end in front of `address` is a call.
    static func isBefore(_ address: UInt64, _ memory: MemoryReader) -> Bool {
        guard address >= byteCountMax else { return false }
        var code = InlineArray<7, UInt8>(repeating: 0)
        let isRead = withUnsafeMutableBytes(of: &code) { code in
            // Code may begin less than that before.
            (0..<code.count).contains { start in
                let part = UnsafeMutableRawBufferPointer(rebasing: code[start...])
                return memory.copy(address - UInt64(part.count), to: part)
            }
        }
        guard isRead else { return false }
        if code[2] == 0xe8 { return true }  // call rel32
        // call r/m64 is 0xff with 2 in the middle of the next byte, which also says how long it is.
        for byteCount in [2, 3, 4, 6, 7] where code[7 - byteCount] == 0xff {
            let form = code[8 - byteCount]
            guard form >> 3 & 7 == 2 else { continue }
            let scaledBase = byteCount > 2 ? code[9 - byteCount] & 7 : 0
            if length(form, scaledBase) == byteCount { return true }
        }
        return false
    }

    /// Of a call with this ModRM byte, and this base in a SIB byte behind it (Intel SDM vol. 2, table 2-2).
    private static func length(_ form: UInt8, _ scaledBase: UInt8) -> Int {
        let (mode, register) = (form >> 6, form & 7)
        let hasScale = mode != 3 && register == 4
        let displacement =
            switch mode {
            case 0: register == 5 || (hasScale && scaledBase == 5) ? 4 : 0
            case 1: 1
            case 2: 4
            default: 0
            }
        return 2 + (hasScale ? 1 : 0) + displacement
    }
}
