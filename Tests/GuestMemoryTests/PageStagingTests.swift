import GuestMemory
import TestSupport
import Testing

@Suite("page staging")
struct PageStagingTests {
    private func add(_ number: UInt64, _ fill: UInt8, to staging: PageStaging) throws {
        try withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { page in
            page.initializeMemory(as: UInt8.self, repeating: fill)
            try staging.add(number, UnsafeRawPointer(page.baseAddress!))
        }
    }

    private func isSame(_ staging: PageStaging, _ model: [UInt64: UInt8]) -> Bool {
        guard staging.count == model.count, Set(staging.numbers) == Set(model.keys) else { return false }
        return staging.numbers.enumerated().allSatisfy { index, number in
            let page = UnsafeRawBufferPointer(start: staging.contents + index * 4096, count: 4096)
            return page.allSatisfy { $0 == model[number] }
        }
    }

    @Test("a page put in twice has its last content", arguments: SeededGenerator.seeds(count: 3))
    func overwriting(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let staging = try PageStaging()
        for _ in 0..<5 {
            staging.reset()
            #expect(staging.count == 0)
            var model: [UInt64: UInt8] = [:]
            for _ in 0..<generator.below(6000) {
                let number = UInt64(generator.below(4000))
                let fill = UInt8(generator.below(256))
                try add(number, fill, to: staging)
                model[number] = fill
            }
            #expect(isSame(staging, model))
            #expect(UInt(bitPattern: staging.contents) % 4096 == 0)
        }
    }

    @Test("what a large filling took is given back by and by, and fillings of one size keep theirs")
    func givingBack() throws {
        let staging = try PageStaging()
        let fill = { (count: UInt64) in
            for number in 0..<count { try self.add(number, 1, to: staging) }
            staging.reset()
        }
        for _ in 0..<10 {
            try fill(3000)
            #expect(staging.byteCount == 3000 * 4096)
        }
        for _ in 0..<20 { try fill(10) }
        #expect(staging.byteCount == 3000 * 4096)
        for _ in 0..<300 { try fill(10) }
        #expect(staging.byteCount <= 1024 * 4096)
    }

    @Test("what was dropped is gone, and the rest is still there", arguments: SeededGenerator.seeds(count: 3))
    func dropping(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let staging = try PageStaging()
        for round in 0..<8 {
            staging.reset()
            var model: [UInt64: UInt8] = [:]
            for _ in 0..<6 {
                for _ in 0..<generator.below(1500) {
                    let number = UInt64(generator.below(4000))
                    let fill = UInt8(generator.below(256))
                    try add(number, fill, to: staging)
                    model[number] = fill
                }
                // Few pages, and more than there are.
                let ranges = (0..<generator.below(20)).map { _ in
                    let start = UInt64(generator.below(4000))
                    let count = UInt64(generator.below(round % 2 == 0 ? 8 : 1000))
                    return AddressRange(start: start * 4096, end: (start + count) * 4096)
                }
                staging.remove(.ranges(ranges))
                model = model.filter { page, _ in !ranges.contains { $0.contains(page * 4096) } }
                #expect(isSame(staging, model))
            }
            staging.remove(.everything)
            #expect(staging.count == 0)
        }
    }
}
