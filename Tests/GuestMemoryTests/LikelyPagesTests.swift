import Testing

@testable import GuestMemory

@Suite("where a collection looks first")
struct LikelyPagesTests {
    private static let area = VirtualMemoryArea(
        range: AddressRange(start: 0, count: 1 << 40), protection: [.read, .write], kind: .anonymous)

    private static func run(_ start: UInt64) -> DirtyRun {
        DirtyRun(AddressRange(start: start, count: pageSize), in: area)
    }

    @Test("nowhere before anything is known, and then ever less often while that is in vain")
    func misses() {
        var likely = LikelyPages()
        #expect(likely.regionsToTry() == nil)
        likely.note([Self.run(1 << 30)])
        #expect(likely.regionsToTry()?.count == 1)
        var rests: [Int] = []
        for _ in 0..<9 {
            likely.noteMiss()
            var rest = 0
            while rest <= LikelyPages.restMax, likely.regionsToTry() == nil { rest += 1 }
            rests.append(rest)
        }
        #expect(rests == [0, 1, 2, 4, 8, 16, 32, 64, 64])
        likely.noteHit()
        likely.noteMiss()
        #expect(likely.regionsToTry() != nil)
    }

    @Test("regions are noted anew after many times, and after there were too many")
    func anew() {
        var likely = LikelyPages()
        likely.note([Self.run(1 << 30)])
        for _ in 0..<LikelyPages.hitCountMax {
            #expect(!likely.isStale)
            likely.noteHit()
        }
        #expect(likely.isStale)
        likely.note([Self.run(2 << 30)])
        #expect(!likely.isStale)
        #expect(likely.regionsToTry()?.map(\.start) == [2 << 30])
        likely.note((0...WrittenRegions.countMax).map { Self.run(UInt64($0) << 30) })
        #expect(likely.regionsToTry() == nil)
        likely.note([Self.run(1 << 30)])
        #expect(likely.regionsToTry()?.count == 1)
    }
}
