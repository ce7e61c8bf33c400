/// A tiny ELF executable, put together field by field so that each can be wrong by itself.
struct HostileElf: Sendable {
    struct Segment: Sendable {
        var type: UInt32 = 1
        var flags: UInt32 = 7
        var offset: UInt64 = 0
        var address: UInt64 = 0
        var fileByteCount: UInt64 = 0
        var memoryByteCount: UInt64 = 0
        var alignment: UInt64 = 0x1000
    }

    var fileClass: UInt8 = 2
    var byteOrder: UInt8 = 1
    var type: UInt16 = 2
    var machine: UInt16 = 62
    var entry: UInt64
    var tableOffset: UInt64 = 64
    var entryByteCount: UInt16 = 56
    var entryCount: UInt16?
    var segments: [Segment]
    /// What an interpreter segment, if there is one, points at.
    var interpreter: [UInt8] = []

    private static let codeOffset: UInt64 = 0x1000
    static let interpreterOffset: UInt64 = 0x800

    /// Ends with status 42, by exit_group.
    private static let code: [UInt8] = [0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05]

    /// A good one, at fixed addresses.
    static let good = HostileElf(
        entry: 0x40_1000,
        segments: [
            Segment(offset: 0, address: 0x40_0000, fileByteCount: 0x1000, memoryByteCount: 0x1000),
            Segment(offset: codeOffset, address: 0x40_1000, fileByteCount: 0x100, memoryByteCount: 0x2000),
        ])

    /// A good one, at any address.
    static var positionIndependent: HostileElf {
        var elf = good
        elf.type = 3
        elf.entry -= 0x40_0000
        for index in elf.segments.indices { elf.segments[index].address -= 0x40_0000 }
        return elf
    }

    /// The good one with one thing changed.
    static func with(_ change: (inout HostileElf) -> Void) -> HostileElf {
        var elf = good
        change(&elf)
        return elf
    }

    /// The good one with an interpreter segment that points at these bytes.
    static func interpreted(by bytes: [UInt8]) -> HostileElf {
        with { elf in
            elf.interpreter = bytes
            let count = UInt64(bytes.count)
            elf.segments.insert(
                Segment(
                    type: 3, offset: interpreterOffset, address: 0x40_0800, fileByteCount: count, memoryByteCount: count
                ),
                at: 0)
        }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, fileClass, byteOrder, 1, 0] + [UInt8](repeating: 0, count: 8)
        bytes += Self.little(type) + Self.little(machine) + Self.little(UInt32(1))
        bytes += Self.little(entry) + Self.little(tableOffset) + Self.little(UInt64(0))
        bytes += Self.little(UInt32(0)) + Self.little(UInt16(64)) + Self.little(entryByteCount)
        bytes += Self.little(entryCount ?? UInt16(segments.count)) + [UInt8](repeating: 0, count: 6)
        for segment in segments {
            bytes += Self.little(segment.type) + Self.little(segment.flags)
            for word in [segment.offset, segment.address, segment.address] { bytes += Self.little(word) }
            for word in [segment.fileByteCount, segment.memoryByteCount, segment.alignment] {
                bytes += Self.little(word)
            }
        }
        bytes += [UInt8](repeating: 0, count: Int(Self.interpreterOffset) - bytes.count) + interpreter
        bytes += [UInt8](repeating: 0, count: max(0, Int(Self.codeOffset) - bytes.count)) + Self.code
        return bytes + [UInt8](repeating: 0x90, count: 0x200)
    }

    private static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
    }
}
