import Replication
import Testing

@Suite("copying before the pause")
struct PreCopyPolicyTests {
    private static let manyPages = PreCopyPolicy.worthwhilePageCount

    @Test("only where the epoch before had many pages")
    func many() {
        var policy = PreCopyPolicy()
        #expect(!policy.isWorthwhile)
        policy.note(preCopied: 0, inPause: Self.manyPages - 1, all: Self.manyPages - 1)
        #expect(!policy.isWorthwhile)
        policy.note(preCopied: 0, inPause: Self.manyPages, all: Self.manyPages)
        #expect(policy.isWorthwhile)
        policy.note(preCopied: Self.manyPages, inPause: 10, all: Self.manyPages)
        #expect(policy.isWorthwhile)
        policy.note(preCopied: 10, inPause: 0, all: 10)
        #expect(!policy.isWorthwhile)
    }

    /// How many epochs in a row go without, each of `many` pages.
    private func skipped(_ policy: inout PreCopyPolicy) -> Int {
        var count = 0
        while !policy.isWorthwhile {
            policy.note(preCopied: 0, inPause: Self.manyPages, all: Self.manyPages)
            count += 1
        }
        return count
    }

    @Test("not for a while where the guest writes the same pages again, and longer each time")
    func hotPages() {
        var policy = PreCopyPolicy()
        policy.note(preCopied: 0, inPause: Self.manyPages, all: Self.manyPages)
        var skips: [Int] = []
        for _ in 0..<6 {
            policy.note(preCopied: Self.manyPages, inPause: Self.manyPages * 3 / 4, all: Self.manyPages)
            skips.append(skipped(&policy))
        }
        #expect(skips == [4, 8, 16, 32, 64, 64])
        // Once it was of use, the next failure is the first again.
        policy.note(preCopied: Self.manyPages, inPause: 0, all: Self.manyPages)
        policy.note(preCopied: Self.manyPages, inPause: Self.manyPages, all: Self.manyPages)
        #expect(skipped(&policy) == 4)
    }

    @Test("rounds go on while each leaves half of the one before at most")
    func rounds() {
        #expect(PreCopyPolicy.goesOn(after: []))
        #expect(PreCopyPolicy.goesOn(after: [10_000]))
        #expect(!PreCopyPolicy.goesOn(after: [PreCopyPolicy.enoughPageCount]))
        #expect(PreCopyPolicy.goesOn(after: [10_000, 5000]))
        #expect(!PreCopyPolicy.goesOn(after: [10_000, 5001]))
        #expect(PreCopyPolicy.goesOn(after: [80_000, 20_000, 9000]))
        #expect(!PreCopyPolicy.goesOn(after: [80_000, 20_000, 9000, 4000]))
    }
}
