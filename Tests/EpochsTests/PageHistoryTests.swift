import TestSupport
import Testing

@testable import Epochs

@Suite("previous versions of pages")
struct PageHistoryTests {
    /// The same with a list, most recently used first.
    private struct Model {
        var pages: [(number: UInt64, mark: UInt8)] = []
        let capacity: Int

        func place(of number: UInt64) -> Int? { pages.firstIndex { $0.number == number } }

        mutating func use(_ number: UInt64, mark: UInt8?) {
            let old = place(of: number).map { pages.remove(at: $0) }
            if old == nil, pages.count == capacity { pages.removeLast() }
            pages.insert((number, mark ?? old?.mark ?? 0), at: 0)
        }
    }

    private static func page(_ mark: UInt8) -> [UInt8] { [UInt8](repeating: mark, count: PageCoding.pageByteCount) }

    private static func put(_ history: PageHistory, _ number: UInt64, mark: UInt8, epoch: UInt64) {
        page(mark).withUnsafeBytes { page in
            let start = page.baseAddress!
            if let slot = history.slot(of: number) {
                history.replace(slot, start, checksum: UInt64(mark), epoch: epoch)
            } else {
                history.insert(number, start, checksum: UInt64(mark), epoch: epoch, experience: PageExperience())
            }
        }
    }

    private static func isSame(_ history: PageHistory, _ model: Model, of number: UInt64) -> Bool {
        guard let slot = history.slot(of: number) else { return model.place(of: number) == nil }
        guard let place = model.place(of: number) else { return false }
        let mark = model.pages[place].mark
        let content = UnsafeRawBufferPointer(start: history.content(slot), count: PageCoding.pageByteCount)
        return history[slot].number == number && history[slot].checksum == UInt64(mark)
            && content.allSatisfy { $0 == mark }
    }

    private static func with(pageCountMax: Int, _ body: (PageHistory) -> Void) throws {
        let storage = PageBench.makeStorage(pageCountMax: pageCountMax)
        defer { storage.deallocate() }
        let history = try #require(PageHistory(storage: storage))
        try #require(history.capacity >= pageCountMax)
        body(history)
    }

    @Test("agrees with a list under random use", arguments: SeededGenerator.seeds(count: 8))
    func model(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        try PageHistoryTests.with(pageCountMax: 1 + generator.below(40)) { history in
            var model = Model(capacity: history.capacity)
            let bound = 1 + generator.below(100)
            for step in 0..<4000 {
                let number = UInt64(generator.below(bound))
                switch generator.below(12) {
                case 0..<6:
                    let mark = UInt8(generator.below(256))
                    PageHistoryTests.put(history, number, mark: mark, epoch: UInt64(step))
                    model.use(number, mark: mark)
                case 6, 7:
                    guard let slot = history.slot(of: number) else { continue }
                    history.touch(slot)
                    model.use(number, mark: nil)
                case 8:
                    if let slot = history.slot(of: number) { history.remove(slot) }
                    model.pages.removeAll { $0.number == number }
                case 9, 10:
                    let ranges = (0..<generator.below(4)).map { _ in
                        let start = generator.below(bound)
                        return UInt64(start)..<UInt64(start + 1 + generator.below(generator.oneIn(4) ? 1_000_000 : 5))
                    }
                    history.remove(.pages(ranges))
                    model.pages.removeAll { page in ranges.contains { $0.contains(page.number) } }
                default:
                    guard generator.oneIn(10) else { continue }
                    history.remove(EpochDiscards.everything)
                    model.pages.removeAll()
                }
                let isSame = (0..<UInt64(bound)).allSatisfy { PageHistoryTests.isSame(history, model, of: $0) }
                guard isSame, history.count == model.pages.count else {
                    Issue.record("\(SeededGenerator.replayHint(seed: seed, step: step))")
                    return
                }
            }
        }
    }

    @Test("who was used least recently goes first")
    func leastRecentlyUsed() throws {
        try PageHistoryTests.with(pageCountMax: 4) { history in
            let count = UInt64(history.capacity)
            for number in 0..<count { PageHistoryTests.put(history, number, mark: 1, epoch: 1) }
            if let slot = history.slot(of: 0) { history.touch(slot) }
            PageHistoryTests.put(history, 1, mark: 2, epoch: 2)
            PageHistoryTests.put(history, 1000, mark: 3, epoch: 2)
            PageHistoryTests.put(history, 1001, mark: 3, epoch: 2)
            #expect(history.slot(of: 0) != nil && history.slot(of: 1) != nil && history.slot(of: 1000) != nil)
            #expect(history.slot(of: 2) == nil && history.slot(of: 3) == nil)
            #expect(history.count == history.capacity)
        }
    }

    @Test("stays within its storage, whatever its size", arguments: [4096, 4200, 8192, 100_000, 1_000_003, 33 << 20])
    func storage(byteCount: Int) {
        let guarded = 4096
        let all = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + guarded, alignment: 4096)
        defer { all.deallocate() }
        all.initializeMemory(as: UInt8.self, repeating: 0)
        let guarding = UnsafeMutableRawBufferPointer(rebasing: all[byteCount...])
        guarding.initializeMemory(as: UInt8.self, repeating: 0xa5)
        guard let history = PageHistory(storage: UnsafeMutableRawBufferPointer(rebasing: all[..<byteCount])) else {
            #expect(byteCount < 2 * PageHistory.byteCountPerPage, "no page fits into \(byteCount) bytes")
            return
        }
        #expect(history.capacity * PageHistory.byteCountPerPage <= byteCount)
        #expect(history.capacity >= byteCount / PageHistory.byteCountPerPage - 1)
        for number in 0..<UInt64(2 * history.capacity) {
            PageHistoryTests.put(history, number &* 0x1_0001, mark: UInt8(truncatingIfNeeded: number), epoch: 1)
        }
        #expect(guarding.allSatisfy { $0 == 0xa5 })
        #expect(history.count == history.capacity)
    }

    @Test("without storage there is none")
    func nothing() {
        #expect(PageHistory(storage: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == nil)
    }
}
