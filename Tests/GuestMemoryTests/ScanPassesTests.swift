import Testing

@testable import GuestMemory

@Suite("where a scan has to look")
struct ScanPassesTests {
    private static let megabyte: UInt64 = 1 << 20

    /// Areas one behind the other, each of so many MiB.
    private static func map(_ areas: [(UInt64, Protection, VirtualMemoryArea.Kind)]) -> VirtualMemoryMap {
        var map = VirtualMemoryMap(limits: GuestLayout.mappable)
        var start = GuestLayout.mappable.start
        for (count, protection, kind) in areas {
            let range = AddressRange(start: start, count: count * megabyte)
            map.insert(VirtualMemoryArea(range: range, protection: protection, kind: kind))
            start = range.end
        }
        return map
    }

    /// The spans in MiB from the lowest address on.
    private static func spans(
        _ passes: inout ScanPasses, _ map: VirtualMemoryMap, hasSwap: Bool = false
    ) -> [Range<UInt64>] {
        passes.spans(of: map, hostHasSwap: { hasSwap }).map { span in
            let base = GuestLayout.mappable.start
            return (span.range.start - base) / megabyte..<(span.range.end - base) / megabyte
        }
    }

    private static let mixed = map([
        (1, [.read, .write], .anonymous), (4, [.read, .execute], .anonymous), (1, [.read, .write], .heap),
        (2, [.read], .sharedAnonymous(object: 1, offset: 0)), (8, [.read], .anonymous), (1, [.read, .write], .stack),
    ])

    @Test("everywhere, until a whole pass has been made; then not where the guest cannot write")
    func settles() {
        var passes = ScanPasses()
        #expect(Self.spans(&passes, Self.mixed) == [0..<17])
        passes.begin(Self.mixed)
        #expect(Self.spans(&passes, Self.mixed) == [0..<17])
        passes.end(Self.mixed)
        #expect(Self.spans(&passes, Self.mixed) == [0..<1, 5..<8, 16..<17])
    }

    @Test("everywhere again once the map has changed, in the middle of a pass as well")
    func changes() {
        var map = Self.mixed
        var passes = ScanPasses()
        passes.begin(map)
        passes.end(map)
        map.insert(
            VirtualMemoryArea(
                range: AddressRange(start: 0x7000_0000, count: Self.megabyte), protection: [.read], kind: .anonymous))
        let all = passes.spans(of: map, hostHasSwap: { false })
        #expect(all.reduce(0) { $0 + $1.range.count } == 18 * Self.megabyte)
        // The pass began before that.
        passes.begin(Self.mixed)
        passes.end(map)
        #expect(passes.spans(of: map, hostHasSwap: { false }).map(\.range) == all.map(\.range))
    }

    @Test("everywhere after a write that the guest itself could not make, before or during a pass")
    func hiddenWrites() {
        var passes = ScanPasses()
        passes.begin(Self.mixed)
        passes.end(Self.mixed)
        passes.noteHiddenWrites()
        #expect(Self.spans(&passes, Self.mixed) == [0..<17])
        passes.begin(Self.mixed)
        passes.noteHiddenWrites()
        passes.end(Self.mixed)
        #expect(Self.spans(&passes, Self.mixed) == [0..<17])
    }

    @Test("little that is not writable is scanned with what is around it")
    func little() {
        let map = Self.map([(1, [.read, .write], .anonymous), (1, [.read, .write], .heap)])
        var withHole = map
        let hole = AddressRange(start: GuestLayout.mappable.start + 4096, count: 8 * 4096)
        _ = withHole.remove(hole)
        withHole.insert(VirtualMemoryArea(range: hole, protection: [.read], kind: .anonymous))
        var passes = ScanPasses()
        passes.begin(withHole)
        passes.end(withHole)
        #expect(Self.spans(&passes, withHole) == [0..<2])
    }

    @Test("shared memory that may be in swap is asked otherwise")
    func swap() {
        var passes = ScanPasses()
        #expect(Self.spans(&passes, Self.mixed, hasSwap: true) == [0..<6, 6..<8, 8..<17])
    }
}
