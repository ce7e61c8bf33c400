/// The code that a rewritten call site jumps to, in the guest's memory. It holds no address of the host: it leaves by
/// an address in the thread's context, which GS points to, or takes its answer from there.
public struct CallStub: Equatable, Sendable {
    public let bytes: [UInt8]

    /// Leaves the guest: the displaced instruction, the return address into rcx as the CPU would, and the jump.
    /// `leaveOffset` is where the context has the way out. Nil where the site is too far away.
    public init?(leavingFrom site: CallSite, at address: UInt64, leaveOffset: UInt32) {
        guard let load = CallStub.loadReturnAddress(site, at: address + UInt64(site.displaced.count)) else {
            return nil
        }
        // jmp *%gs:disp32
        bytes = site.displaced + load + [0x65, 0xff, 0x24, 0x25] + CallStub.littleEndian(leaveOffset)
    }

    /// Answers in the guest: a 32-bit value of the context's into rax.
    public init?(answering site: CallSite, at address: UInt64, valueOffset: UInt32) {
        // mov %gs:disp32, %eax
        let value = [0x65, 0x8b, 0x04, 0x25] + CallStub.littleEndian(valueOffset)
        guard let load = CallStub.loadReturnAddress(site, at: address + UInt64(value.count)),
            let jump = CallSite.longJump(from: address + UInt64(value.count + load.count), to: site.returnAddress)
        else { return nil }
        bytes = value + load + jump
    }

    /// Where a thread is, as far as its guest knows, that was interrupted `offset` bytes into the stub.
    public func place(ofOffset offset: Int, for site: CallSite) -> UInt64 {
        if offset == 0 { return site.address }
        // The answer is there; or the displaced instruction is done, and the call is next.
        return isAnswering ? site.returnAddress : site.returnAddress - 2
    }

    /// Whether it begins with the answer, a load by way of GS.
    public var isAnswering: Bool { bytes.first == 0x65 }

    /// lea disp32(%rip), %rcx
    private static func loadReturnAddress(_ site: CallSite, at address: UInt64) -> [UInt8]? {
        CallSite.relative(from: address + 7, to: site.returnAddress).map { [0x48, 0x8d, 0x0d] + $0 }
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// More than any has: the longest instruction is 15 bytes.
    public static let byteCountMax = 32
}
