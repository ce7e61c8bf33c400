import GuestMemory
import RecordCoding
import Testing

@testable import GuestKernel
@testable import Supervisor

@Suite("an epoch that is cut more than once")
struct CapturedEpochTests {
    private static let empty: [UInt8] = [0, 0, 0, 0]

    private func add(_ number: UInt64, _ fill: UInt8, to epoch: CapturedEpoch) throws {
        try withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { page in
            page.initializeMemory(as: UInt8.self, repeating: fill)
            try epoch.pages.add(number, UnsafeRawPointer(page.baseAddress!))
        }
    }

    private func pages(_ epoch: CapturedEpoch) -> [UInt64: UInt8] {
        let contents = epoch.pages.contents
        return Dictionary(
            uniqueKeysWithValues: epoch.pages.numbers.enumerated().map { index, number in
                (number, contents.load(fromByteOffset: index * 4096 + 4095, as: UInt8.self))
            })
    }

    private func range(_ pages: Range<UInt64>) -> AddressRange {
        AddressRange(start: pages.lowerBound * 4096, end: pages.upperBound * 4096)
    }

    private func parts(_ time: UInt64, files: [UInt8] = []) -> CapturedEpoch.Parts {
        CapturedEpoch.Parts(
            layout: [UInt8(time)], output: Self.empty, files: files, guestNanoseconds: time)
    }

    @Test("has the newest of each page, and nothing of what was dropped in between")
    func merging() throws {
        let epoch = try CapturedEpoch()
        epoch.begin(7)
        #expect(epoch.drop(.ranges([range(90..<92)])) == .ranges([]))
        for number: UInt64 in 1...5 { try add(number, 1, to: epoch) }
        epoch.add(parts(1, files: [1, 2]))
        #expect(epoch.drop(.ranges([range(2..<4), range(200..<90_000)])) == .ranges([]))
        try add(3, 2, to: epoch)
        try add(5, 2, to: epoch)
        try add(6, 2, to: epoch)
        epoch.add(parts(2, files: [3]))
        #expect(pages(epoch) == [1: 1, 3: 2, 4: 1, 5: 2, 6: 2])
        #expect(epoch.discards == .ranges([range(90..<92), range(2..<4), range(200..<90_000)]))
        #expect(epoch.layout == [2] && epoch.guestNanoseconds == 2 && epoch.files == [1, 2, 3] && epoch.cutCount == 2)

        #expect(epoch.drop(.everything) == .ranges([]))
        try add(9, 3, to: epoch)
        epoch.add(parts(3))
        #expect(pages(epoch) == [9: 3] && epoch.discards == .everything)
        #expect(epoch.drop(.ranges([range(9..<10)])) == .ranges([]))
        #expect(pages(epoch).isEmpty && epoch.discards == .everything)

        epoch.begin(8)
        #expect(epoch.pages.count == 0 && epoch.discards.isEmpty && epoch.files.isEmpty && epoch.cutCount == 0)
    }

    @Test("asks for all of memory again where it has dropped too much to list")
    func tooManyRanges() throws {
        let epoch = try CapturedEpoch()
        epoch.begin(1)
        let many = (0..<40_000).map { range(UInt64($0) * 2..<UInt64($0) * 2 + 1) }
        #expect(epoch.drop(.ranges(many)) == .ranges([]))
        try add(77, 1, to: epoch)
        epoch.add(parts(1))
        #expect(epoch.drop(.ranges(many)) == .everything)
        #expect(epoch.discards == .everything && epoch.pages.count == 0)
    }

    @Test("keeps its output in order")
    func output() throws {
        let gate = OutputGate(demand: CheckpointDemand(), clock: GuestClock())
        #expect(gate.cut(epoch: 1) == Self.empty)
        let one: [UInt8] = [1, 0, 0, 0, 0xaa]
        let two: [UInt8] = [2, 0, 0, 0, 0xbb, 0xcc]
        #expect(OutputSection.joined(one, two) == [3, 0, 0, 0, 0xaa, 0xbb, 0xcc])
        #expect(OutputSection.joined(Self.empty, two) == two)
        #expect(OutputSection.joined(one, Self.empty) == one)
    }
}
