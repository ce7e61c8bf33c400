/// A place in the guest's code that makes a syscall, and how it can be made without a signal: the instruction before
/// the `syscall` becomes a jump to a stub, which has that instruction in its place.
///
/// The `syscall` itself stays. Whoever jumps to it, or was interrupted between the two, goes on as before and comes by
/// way of the signal; so does a call that is made again, for which the kernel's way is to set RIP back by two.
public struct CallSite: Equatable, Sendable {
    /// Where the instruction before the `syscall` begins.
    public let address: UInt64
    /// That instruction's bytes, of which the jump takes the first.
    public let displaced: [UInt8]
    /// Nops that nothing ever runs into, where a long jump is put when there is room for a short one only.
    public let island: Island?
    /// The number that the displaced instruction puts into eax, where it does nothing but that.
    public let number: UInt32?

    public struct Island: Equatable, Sendable {
        public let address: UInt64
        public let original: [UInt8]

        public init(address: UInt64, original: [UInt8]) {
            self.address = address
            self.original = original
        }
    }

    /// Where the guest goes on after the call.
    public var returnAddress: UInt64 { address + UInt64(displaced.count) + 2 }

    /// `jmp rel32`, and `jmp rel8` (Intel SDM vol. 2, JMP).
    static let longJumpByteCount = 5
    static let shortJumpByteCount = 2

    /// Finds out about the `syscall` that ends at `returnAddress`, in a function that is `code`. Nil where it cannot be
    /// moved safely: it is not there, or is something else read at another boundary, or needs its place.
    public init?(returningTo returnAddress: UInt64, in code: FunctionCode) {
        guard let index = code.instructions.firstIndex(where: { $0.isSyscall && $0.end == returnAddress }), index > 0
        else { return nil }
        let before = code.instructions[index - 1]
        guard !before.leaves, !before.isRelative, before.end == code.instructions[index].address,
            before.byteCount >= CallSite.shortJumpByteCount, !code.hasTarget(inside: before)
        else { return nil }
        address = before.address
        displaced = code.bytes(of: before)
        if before.byteCount >= CallSite.longJumpByteCount {
            island = nil
        } else {
            guard let found = code.island(near: before) else { return nil }
            island = found
        }
        number = CallSite.number(displaced)
    }

    /// One that was found before.
    public init(address: UInt64, displaced: [UInt8], island: Island?) {
        self.address = address
        self.displaced = displaced
        self.island = island
        number = CallSite.number(displaced)
    }

    /// `mov imm32, %eax`
    private static func number(_ bytes: [UInt8]) -> UInt32? {
        guard bytes.count == 5, bytes[0] == 0xb8 else { return nil }
        return bytes[1...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// What has to be written, and where, so that the site goes to a stub. Nil where the stub is too far away.
    public func patches(to stub: UInt64) -> [Patch]? {
        guard let island else { return CallSite.longJump(from: address, to: stub).map { [own($0)] } }
        guard let long = CallSite.longJump(from: island.address, to: stub),
            let distance = Int8(exactly: Int64(bitPattern: island.address &- address) - 2)
        else { return nil }
        // What is left of the nops would be others when it is read from their middle.
        let rest = [UInt8](repeating: 0x90, count: island.original.count - long.count)
        return [
            Patch(address: island.address, bytes: long + rest),
            own([0xeb, UInt8(bitPattern: distance)]),
        ]
    }

    /// A jump in the displaced instruction's place, all of it: what was left would be read as something else by whoever
    /// decodes the function for its next site.
    private func own(_ jump: [UInt8]) -> Patch {
        Patch(address: address, bytes: jump + [UInt8](repeating: 0x90, count: displaced.count - jump.count))
    }

    /// What has to be written so that the site is as it was.
    public var restoration: [Patch] {
        [Patch(address: address, bytes: displaced)]
            + (island.map { [Patch(address: $0.address, bytes: $0.original)] } ?? [])
    }

    public struct Patch: Equatable, Sendable {
        public let address: UInt64
        public let bytes: [UInt8]
    }

    static func longJump(from address: UInt64, to target: UInt64) -> [UInt8]? {
        relative(from: address + UInt64(longJumpByteCount), to: target).map { [0xe9] + $0 }
    }

    /// A rel32 that counts from `end`.
    static func relative(from end: UInt64, to target: UInt64) -> [UInt8]? {
        guard let distance = Int32(exactly: Int64(bitPattern: target &- end)) else { return nil }
        return withUnsafeBytes(of: distance.littleEndian) { Array($0) }
    }
}
