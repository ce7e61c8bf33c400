import GuestMemory
import Testing

@Suite("virtual memory areas")
struct VirtualMemoryAreaTests {
    private let file = FileIdentity(device: 1, inode: 2, path: "/lib/a.so")

    private func area(_ pages: Range<UInt64>, _ kind: VirtualMemoryArea.Kind) -> VirtualMemoryArea {
        let range = AddressRange(start: pages.lowerBound * pageSize, end: pages.upperBound * pageSize)
        return VirtualMemoryArea(range: range, protection: [.read], kind: kind)
    }

    @Test("areas merge where they touch and agree in everything")
    func merging() {
        let low = area(1..<3, .anonymous)
        let high = area(3..<5, .anonymous)
        #expect(low.canMerge(with: high))
        #expect(!high.canMerge(with: low))
        #expect(!low.canMerge(with: area(4..<5, .anonymous)))
        #expect(!low.canMerge(with: area(3..<5, .heap)))

        var other = high
        other.protection = [.read, .write]
        #expect(!low.canMerge(with: other))
        other = high
        other.name = "pool"
        #expect(!low.canMerge(with: other))
        other = high
        other.flags = .noReserve
        #expect(!low.canMerge(with: other))
    }

    @Test("file and shared areas merge only where the offset goes on")
    func mergingOffsets() {
        let low = area(1..<3, .privateFile(file: file, offset: 0x5000, isHostMapped: false))
        #expect(low.canMerge(with: area(3..<4, .privateFile(file: file, offset: 0x7000, isHostMapped: false))))
        #expect(!low.canMerge(with: area(3..<4, .privateFile(file: file, offset: 0x6000, isHostMapped: false))))
        #expect(!low.canMerge(with: area(3..<4, .privateFile(file: file, offset: 0x7000, isHostMapped: true))))
        #expect(!low.canMerge(with: area(3..<4, .sharedFile(file: file, offset: 0x7000, isWritable: false))))
        let other = FileIdentity(device: 1, inode: 3, path: "/lib/a.so")
        #expect(!low.canMerge(with: area(3..<4, .privateFile(file: other, offset: 0x7000, isHostMapped: false))))

        let shared = area(1..<3, .sharedAnonymous(object: 7, offset: 0))
        #expect(shared.canMerge(with: area(3..<4, .sharedAnonymous(object: 7, offset: 0x2000))))
        #expect(!shared.canMerge(with: area(3..<4, .sharedAnonymous(object: 8, offset: 0x2000))))
    }

    @Test("a slice takes its offset along")
    func slicing() {
        let whole = area(10..<20, .sharedFile(file: file, offset: 0x3000, isWritable: true))
        let part = whole.slice(AddressRange(start: 12 * pageSize, end: 13 * pageSize))
        #expect(part.range == AddressRange(start: 12 * pageSize, count: pageSize))
        #expect(part.kind == .sharedFile(file: file, offset: 0x5000, isWritable: true))
        #expect(part.kind.offset == 0x5000 && part.kind.isShared && part.kind.file == file)
        #expect(whole.slice(whole.range) == whole)
    }

    @Test("what is moved off the heap or the stack is anonymous memory")
    func moving() {
        #expect(area(1..<2, .heap).moved(to: 0x9000).kind == .anonymous)
        #expect(area(1..<2, .stack).moved(to: 0x9000).kind == .anonymous)
        let object = VirtualMemoryArea.Kind.sharedAnonymous(object: 1, offset: 0x1000)
        let moved = area(1..<2, object).moved(to: 0x9000)
        #expect(moved.kind == object && moved.range == AddressRange(start: 0x9000, end: 0xa000))
    }
}
