import GuestMemory
import TestSupport
import Testing

@Suite("page table")
struct PageTableTests {
    @Test("agrees with a dictionary under random edits", arguments: SeededGenerator.seeds(count: 6))
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = PageTable()
        var model: [UInt64: PageTable.Entry] = [:]
        // Few numbers make runs collide and come and go; a wide range makes the table grow.
        let bound = generator.oneIn(2) ? 3000 : 60_000
        for step in 0..<40_000 {
            let number = UInt64(generator.below(bound))
            if generator.below(10) < 6 {
                var entry = PageTable.Entry(lastDirtyEpoch: UInt64(step), slot: UInt32(generator.below(1 << 20)))
                entry.isHot = generator.oneIn(2)
                table[number] = entry
                model[number] = entry
            } else {
                table[number] = nil
                model[number] = nil
            }
            let asked = UInt64(generator.below(bound))
            guard table[asked] == model[asked], table.count == model.count else {
                Issue.record("page \(asked) differs (\(SeededGenerator.replayHint(seed: seed, step: step)))")
                return
            }
        }
        for number in 0..<UInt64(bound) where table[number] != model[number] {
            Issue.record("page \(number) differs at the end (\(SeededGenerator.replayHint(seed: seed, step: 40_000)))")
            return
        }
    }

    @Test("is empty again after removing all, and as small as a new one")
    func removingAll() {
        var table = PageTable()
        for number in 0..<10_000 as Range<UInt64> { table[number] = PageTable.Entry(lastDirtyEpoch: 1, slot: 0) }
        #expect(table.count == 10_000)
        table.removeAll()
        #expect(table.count == 0)
        #expect(table[17] == nil)
        #expect(table.byteCount == PageTable().byteCount)
    }
}
