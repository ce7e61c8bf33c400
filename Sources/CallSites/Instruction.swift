import CZydis

/// One machine instruction, as far as moving it needs to know it.
struct Instruction {
    let address: UInt64
    let byteCount: Int
    /// What it does depends on where it stands.
    let isRelative: Bool
    /// Nothing, or int3: what stands between functions.
    let isPadding: Bool
    let isSyscall: Bool
    /// It may lead somewhere else than to the next one.
    let leaves: Bool
    /// It never leads to the next one.
    let endsFlow: Bool
    /// Where it leads, for a branch or call that says so itself.
    let target: UInt64?

    var end: UInt64 { address + UInt64(byteCount) }

    /// Decodes the first instruction in `bytes`, which lies at `address`; nil where there is none.
    init?(_ bytes: ArraySlice<UInt8>, at address: UInt64) {
        var decoded = decoded_instruction()
        let isKnown = bytes.withUnsafeBufferPointer {
            decode_instruction($0.baseAddress, UInt64($0.count), address, &decoded) != 0
        }
        guard isKnown, decoded.length > 0 else { return nil }
        self.address = address
        byteCount = Int(decoded.length)
        isRelative = decoded.is_relative != 0
        isPadding = decoded.is_padding != 0
        isSyscall = decoded.is_syscall != 0
        leaves = decoded.leaves != 0
        endsFlow = decoded.ends_flow != 0
        target = decoded.has_target != 0 ? decoded.target : nil
    }
}
