import GuestMemory
import Testing

/// Pages given by number, to keep the cases readable.
func pages(_ numbers: Range<UInt64>) -> AddressRange {
    AddressRange(start: numbers.lowerBound * pageSize, end: numbers.upperBound * pageSize)
}

/// An anonymous area that may be read and written.
func memory(_ numbers: Range<UInt64>, flags: VirtualMemoryArea.Flags = []) -> VirtualMemoryArea {
    VirtualMemoryArea(range: pages(numbers), protection: [.read, .write], kind: .anonymous, flags: flags)
}

@Suite("virtual memory map")
struct VirtualMemoryMapTests {
    private let file = FileIdentity(device: 1, inode: 2, path: "/lib/a.so")
    private var map = VirtualMemoryMap(limits: pages(16..<1024))

    private func fileArea(_ numbers: Range<UInt64>, filePage: UInt64) -> VirtualMemoryArea {
        VirtualMemoryArea(
            range: pages(numbers), protection: [.read],
            kind: .privateFile(file: file, offset: filePage * pageSize, isHostMapped: false))
    }

    @Test("an empty map holds nothing")
    func empty() {
        #expect(map.areas.isEmpty && map.mappedByteCount == 0 && map.hasRoomForEdit)
        #expect(map.area(containing: 0) == nil && map.area(containing: .max) == nil)
        #expect(map.isFree(map.limits) && !map.isFree(pages(0..<17)) && !map.isFree(pages(1000..<1025)))
        #expect(map.gapAfter(0) == map.limits)
        #expect(map.checkInvariants() == nil)
    }

    @Test("moved memory stays apart from its neighbours, and its pieces stay moved")
    mutating func movedAreas() {
        map.insert(VirtualMemoryArea(range: pages(20..<24), protection: [.read], kind: .anonymous))
        map.insert(VirtualMemoryArea(range: pages(24..<28), protection: [.read], kind: .anonymous, flags: .moved))
        #expect(map.areas.count == 2)
        #expect(map.areas(in: pages(22..<26)).map(\.flags) == [[], .moved])
        #expect(map.checkInvariants() == nil)
    }

    @Test("at the limit an area can be removed, but not split")
    mutating func fullMap() {
        map = VirtualMemoryMap(limits: pages(16..<200_000))
        for index in 0..<UInt64(VirtualMemoryMap.areaCountMax) {
            let first = 16 + 5 * index
            map.insert(VirtualMemoryArea(range: pages(first..<first + 3), protection: [.read], kind: .anonymous))
        }
        #expect(!map.hasRoomForEdit && map.areas.count == VirtualMemoryMap.areaCountMax)
        #expect(!map.hasRoom(toRemove: pages(17..<18)))
        #expect(map.hasRoom(toRemove: pages(16..<18)) && map.hasRoom(toRemove: pages(17..<22)))
        #expect(map.hasRoom(toRemove: pages(19..<21)))
    }

    @Test("neighbours merge, and a lookup finds the whole")
    mutating func mergingNeighbours() {
        map.insert(memory(20..<22))
        map.insert(memory(24..<26))
        map.insert(memory(22..<24))
        #expect(map.areas == [memory(20..<26)])
        #expect(map.area(containing: 20 * pageSize) == memory(20..<26))
        #expect(map.area(containing: 26 * pageSize - 1) == memory(20..<26))
        #expect(map.area(containing: 26 * pageSize) == nil)
        #expect(map.mappedByteCount == 6 * pageSize)
    }

    @Test("inserting over areas cuts them and keeps their offsets right")
    mutating func replacing() {
        map.insert(fileArea(20..<30, filePage: 100))
        map.insert(memory(23..<25))
        #expect(map.areas == [fileArea(20..<23, filePage: 100), memory(23..<25), fileArea(25..<30, filePage: 105)])
        map.insert(fileArea(23..<25, filePage: 103))
        #expect(map.areas == [fileArea(20..<30, filePage: 100)])
        #expect(map.mappedByteCount == 10 * pageSize && map.checkInvariants() == nil)
    }

    @Test("removing gives back the pieces, cut to the range")
    mutating func removing() {
        map.insert(fileArea(20..<30, filePage: 100))
        map.insert(memory(40..<50))
        #expect(map.remove(pages(28..<42)) == [fileArea(28..<30, filePage: 108), memory(40..<42)])
        #expect(map.remove(pages(30..<40)).isEmpty)
        #expect(map.areas == [fileArea(20..<28, filePage: 100), memory(42..<50)])
        #expect(map.remove(map.limits).count == 2)
        #expect(map.areas.isEmpty && map.mappedByteCount == 0)
    }

    @Test("protection splits areas, leaves holes, and merges again")
    mutating func protecting() {
        map.insert(memory(20..<30))
        map.insert(memory(32..<40))
        map.setProtection([.read], in: pages(28..<34))
        #expect(map.areas.map(\.range) == [pages(20..<28), pages(28..<30), pages(32..<34), pages(34..<40)])
        #expect(map.areas.map(\.protection) == [[.read, .write], [.read], [.read], [.read, .write]])
        map.setProtection([.read, .write], in: pages(20..<40))
        #expect(map.areas == [memory(20..<30), memory(32..<40)])
        map.setProtection([], in: pages(50..<60))
        #expect(map.areas.count == 2)
    }

    @Test("a name splits areas as a protection does")
    mutating func naming() {
        map.insert(memory(20..<30))
        map.setName("pool", in: pages(22..<24))
        #expect(map.areas.map(\.name) == [nil, "pool", nil])
        map.setName(nil, in: pages(22..<24))
        #expect(map.areas == [memory(20..<30)])
    }

    @Test("moving takes holes and offsets along and pushes out what was there")
    mutating func moving() {
        map.insert(fileArea(20..<24, filePage: 100))
        map.insert(memory(26..<30))
        map.insert(memory(103..<120))
        let displaced = map.move(from: pages(22..<28), to: 100 * pageSize)
        #expect(displaced == [memory(103..<106)])
        #expect(
            map.areas == [
                fileArea(20..<22, filePage: 100), memory(28..<30), fileArea(100..<102, filePage: 102),
                memory(104..<120),
            ])
        #expect(map.checkInvariants() == nil)
    }

    @Test("pieces in a range come cut or whole")
    mutating func pieces() {
        map.insert(memory(20..<30))
        map.insert(fileArea(30..<40, filePage: 0))
        #expect(map.areas(in: pages(25..<32)) == [memory(25..<30), fileArea(30..<32, filePage: 0)])
        #expect(Array(map.areas(overlapping: pages(25..<32))) == [memory(20..<30), fileArea(30..<40, filePage: 0)])
        #expect(map.areas(in: pages(25..<25)).isEmpty)
    }

    @Test("how far a range is mapped")
    mutating func prefixes() {
        map.insert(memory(20..<30))
        map.insert(fileArea(30..<40, filePage: 0))
        map.insert(memory(42..<50))
        #expect(map.isFullyMapped(pages(20..<40)) && !map.isFullyMapped(pages(20..<43)))
        #expect(map.isFullyMapped(pages(60..<60)))
        #expect(map.mappedPrefix(of: pages(25..<50)) == pages(25..<40))
        #expect(map.mappedPrefix(of: pages(41..<50)) == pages(41..<41))
        #expect(map.isFree(pages(40..<42)) && !map.isFree(pages(39..<42)))
        #expect(map.gapAfter(20 * pageSize) == pages(40..<42))
        #expect(map.gapAfter(41 * pageSize) == pages(41..<42))
        #expect(map.gapAfter(42 * pageSize) == pages(50..<1024))
    }

    @Test("the limits are filled to the last page")
    mutating func full() {
        map.insert(memory(16..<1024))
        #expect(map.gapAfter(0) == nil)
        #expect(map.findGap(count: 1, below: .max, above: 0) == nil)
        #expect(map.isFullyMapped(map.limits))
    }
}
