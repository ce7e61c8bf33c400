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
}
