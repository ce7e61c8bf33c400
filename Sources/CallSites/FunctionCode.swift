/// A function's instructions, and the padding behind it.
///
/// They are decoded from the function's start on, and none may be unknown: bytes that look like a `syscall` but are a
/// part of something else are never taken for one.
public struct FunctionCode: Sendable {
    let instructions: [Instruction]
    private let start: UInt64
    private let storage: [UInt8]
    /// Where branches within the function lead.
    private let targets: Set<UInt64>

    /// `bytes` lie at `start`; the function has the first `byteCount` of them. Nil where not all are instructions.
    public init?(_ bytes: [UInt8], at start: UInt64, byteCount: Int) {
        guard byteCount <= bytes.count else { return nil }
        var found: [Instruction] = []
        for instruction in FunctionCode.decode(bytes, at: start) {
            // What follows the function is padding, or nothing that matters.
            if instruction.address >= start + UInt64(byteCount), !instruction.isPadding { break }
            found.append(instruction)
        }
        guard (found.last?.end ?? start) >= start + UInt64(byteCount) else { return nil }
        instructions = found
        self.start = start
        storage = bytes
        targets = Set(found.compactMap(\.target))
    }

    /// Code of which nobody says where its functions begin, around an instruction at `place` that was executed: all
    /// ways to read what lies before have to come to the same instructions. x86 code read from a wrong boundary soon
    /// falls into the right ones; where it does not, or is no code at all, this is nil.
    public init?(_ bytes: [UInt8], at start: UInt64, around place: UInt64) {
        var common: Set<UInt64>?
        for offset in 0..<FunctionCode.startCount where start + UInt64(offset) < place {
            guard let boundaries = FunctionCode.boundaries(bytes, start, from: offset, to: place) else { continue }
            common = common?.intersection(boundaries) ?? boundaries
        }
        guard let first = common?.min(), first < place else { return nil }
        // From a right boundary on there is only one way to read.
        let known = Array(bytes[Int(first - start)...])
        let end = FunctionCode.decode(known, at: first).reduce(first) { $1.end }
        self.init(known, at: first, byteCount: Int(end - first))
    }

    /// More than twice the longest instruction.
    private static let startCount = 48

    /// Where instructions begin when reading begins at `offset`, with `place` as one of them; nil where it is not.
    private static func boundaries(
        _ bytes: [UInt8], _ start: UInt64, from offset: Int, to place: UInt64
    ) -> Set<UInt64>? {
        var found: Set<UInt64> = []
        for instruction in decode(bytes, at: start, from: offset) {
            if instruction.address >= place { break }
            found.insert(instruction.address)
            if instruction.end == place { return found }
        }
        return nil
    }

    /// One instruction after the other, up to the first bytes that are none.
    private static func decode(
        _ bytes: [UInt8], at start: UInt64, from offset: Int = 0
    ) -> some Sequence<Instruction> {
        sequence(state: offset) { offset in
            guard offset < bytes.count else { return nil }
            let next = Instruction(bytes[offset...], at: start + UInt64(offset))
            offset += next?.byteCount ?? 0
            return next
        }
    }

    func bytes(of instruction: Instruction) -> [UInt8] {
        bytes(instruction.address, instruction.end)
    }

    private func bytes(_ from: UInt64, _ to: UInt64) -> [UInt8] {
        Array(storage[Int(from - start)..<Int(to - start)])
    }

    /// Whether somebody jumps into the middle of it.
    func hasTarget(inside instruction: Instruction) -> Bool {
        targets.contains { $0 > instruction.address && $0 < instruction.end }
    }

    /// Padding with room for a long jump, within reach of a short one at `site`, that follow what never leads to them.
    /// They end where the next function may begin, as padding does: those that a function begins with are run.
    func island(near site: Instruction) -> CallSite.Island? {
        let run = paddings.first { run in
            run.upperBound - run.lowerBound >= UInt64(CallSite.longJumpByteCount) && run.upperBound % 16 == 0
                && reaches(run.lowerBound, from: site) && !targets.contains(where: run.contains)
        }
        return run.map { CallSite.Island(address: $0.lowerBound, original: bytes($0.lowerBound, $0.upperBound)) }
    }

    /// Runs of padding behind what ends the flow, each as long as it is: nops, or the breakpoints of Go's linker.
    private var paddings: [Range<UInt64>] {
        var found: [Range<UInt64>] = []
        var isReached = true
        for instruction in instructions {
            if instruction.isPadding, !isReached {
                if let last = found.last, last.upperBound == instruction.address {
                    found[found.count - 1] = last.lowerBound..<instruction.end
                } else {
                    found.append(instruction.address..<instruction.end)
                }
            } else {
                isReached = !instruction.endsFlow
            }
        }
        return found
    }

    private func reaches(_ address: UInt64, from site: Instruction) -> Bool {
        Int8(exactly: Int64(bitPattern: address &- site.address) - Int64(CallSite.shortJumpByteCount)) != nil
    }
}
