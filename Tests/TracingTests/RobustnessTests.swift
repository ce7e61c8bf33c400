import SyscallShapes
import TestSupport
import Testing

@testable import Tracing

@Suite("calls with anything in them")
struct RobustnessTests {
    /// A guest may pass what it likes, and what lies at an address may be anything.
    @Test("are shown without a trap, and as plain ASCII", arguments: SeededGenerator.seeds(count: 4))
    func anything(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var options = FormatOptions()
        options.isUnabbreviated = generator.oneIn(2)
        options.showsDescriptorPaths = true
        let addresses: [UInt64] = [0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000]
        let edges: [UInt64] = [0, 1, 2, 8, .max, .max - 1, 1 << 31, 1 << 32, 1 << 63, 0x7FFF_FFFF, 400]
        var snippets = Snippets()
        for address in addresses {
            // Words that are likely to mean something: small ones, extremes, and the others' addresses.
            let words = (0..<50).map { _ in
                [0, 1, 3, .max, 1 << 63, addresses.randomElement(using: &generator) ?? 0].randomElement(
                    using: &generator) ?? 0
            }
            snippets.add(address, words.flatMap { little($0) })
        }
        for number in -1..<480 {
            for _ in 0..<20 {
                let arguments = (0..<6).map { index in
                    Bool.random(using: &generator) ? addresses[index] : edges.randomElement(using: &generator) ?? 0
                }
                let result = [0, 1, 8, 400, -4, -14, -512, .max, .min, -5000].randomElement(using: &generator) ?? 0
                let shown = text(number, arguments, Bool.random(using: &generator) ? result : nil, snippets, snippets) {
                    CallFormatter(options).appendCall($0, &$1)
                    CallFormatter(options).appendUnfinished($0, &$1)
                    CallFormatter(options).appendResumed($0, &$1)
                    JsonFormatter(options).appendCall($0, &$1)
                }
                #expect(shown.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A }, "call \(number); seed \(seed)")
            }
        }
    }
}
