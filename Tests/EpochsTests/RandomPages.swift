import TestSupport

@testable import Epochs

/// Pages of many kinds, and ways in which they change.
enum RandomPages {
    static let byteCount = PageCoding.pageByteCount
    static let zero = [UInt8](repeating: 0, count: byteCount)

    enum Kind: CaseIterable {
        case zero
        case oneByte
        case fewWords
        case counters
        case text
        case noise
        case halfNoise
    }

    enum Change: CaseIterable {
        case none
        case firstByte
        case lastByte
        case fewBytes
        case fewWords
        case everyCounter
        case run
        case shift
        case everything
        case toZero
    }

    static func make(_ kind: Kind, _ generator: inout SeededGenerator) -> [UInt8] {
        var page = zero
        switch kind {
        case .zero: break
        case .oneByte: page[generator.below(byteCount)] = UInt8(1 + generator.below(255))
        case .fewWords: change(&page, .fewWords, &generator)
        case .counters: for place in stride(from: 0, to: byteCount, by: 8) { page[place] = UInt8(generator.below(4)) }
        case .text: for place in page.indices { page[place] = UInt8(ascii: "a") + UInt8(generator.below(3)) }
        case .noise: for place in page.indices { page[place] = UInt8(generator.below(256)) }
        case .halfNoise: for place in 0..<byteCount / 2 { page[place] = UInt8(generator.below(256)) }
        }
        return page
    }

    static func make(_ generator: inout SeededGenerator) -> [UInt8] {
        make(Kind.allCases[generator.below(Kind.allCases.count)], &generator)
    }

    static func change(_ page: inout [UInt8], _ change: Change, _ generator: inout SeededGenerator) {
        switch change {
        case .none: break
        case .firstByte: page[0] ^= 0x10
        case .lastByte: page[byteCount - 1] ^= 1
        case .fewBytes:
            for _ in 0...generator.below(20) { page[generator.below(byteCount)] = UInt8(generator.below(256)) }
        case .fewWords:
            for _ in 0...generator.below(8) {
                let place = generator.below(byteCount / 8) * 8
                for byte in 0..<8 { page[place + byte] = UInt8(generator.below(256)) }
            }
        case .everyCounter: for place in stride(from: 0, to: byteCount, by: 8) { page[place] &+= 1 }
        case .run:
            let start = generator.below(byteCount)
            for place in start...(start + generator.below(byteCount - start)) { page[place] ^= 0xff }
        case .shift:
            let places = 1 + generator.below(64)
            page = Array(page[places...] + page[..<places])
        case .everything: for place in page.indices { page[place] = UInt8(generator.below(256)) }
        case .toZero: page = zero
        }
    }

    static func change(_ page: inout [UInt8], _ generator: inout SeededGenerator) {
        change(&page, Change.allCases[generator.below(Change.allCases.count)], &generator)
    }
}
