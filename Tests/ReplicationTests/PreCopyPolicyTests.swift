import Replication
import Testing

@Suite("copying before the pause")
struct PreCopyPolicyTests {
    private static let long = PreCopyPolicy.worthwhileNanoseconds

    /// After epochs whose pages were collected in so many nanoseconds each, all in the pause.
    private func policy(after times: UInt64...) -> PreCopyPolicy {
        var policy = PreCopyPolicy()
        for time in times { policy.note(beforeNanoseconds: 0, inPauseNanoseconds: time) }
        return policy
    }

    @Test("only where collecting took long in each of the last three epochs")
    func long() {
        #expect(!policy(after: 0).isWorthwhile(faultCount: 0))
        #expect(!policy(after: Self.long, Self.long).isWorthwhile(faultCount: 0))
        #expect(policy(after: Self.long, Self.long, Self.long).isWorthwhile(faultCount: 0))
        #expect(policy(after: 0, Self.long, Self.long, Self.long).isWorthwhile(faultCount: 0))
        #expect(!policy(after: Self.long, Self.long, Self.long, Self.long - 1).isWorthwhile(faultCount: 0))
        #expect(!policy(after: Self.long, 0, Self.long).isWorthwhile(faultCount: 0))
        var policy = policy(after: Self.long, Self.long, Self.long)
        policy.note(beforeNanoseconds: Self.long - 1, inPauseNanoseconds: 1)
        #expect(policy.isWorthwhile(faultCount: 0))
        policy.note(beforeNanoseconds: Self.long - 2, inPauseNanoseconds: 1)
        #expect(!policy.isWorthwhile(faultCount: 0))
    }

    @Test("or where the search of the first epoch did")
    func first() {
        var policy = PreCopyPolicy()
        policy.noteFirst(searchNanoseconds: Self.long)
        #expect(policy.isWorthwhile(faultCount: 0))
        policy.note(beforeNanoseconds: 0, inPauseNanoseconds: Self.long - 1)
        #expect(!policy.isWorthwhile(faultCount: 0))
    }

    @Test("or where many pages must have been written")
    func faults() {
        let many = PreCopyPolicy.worthwhileFaultCount
        #expect(PreCopyPolicy().isWorthwhile(faultCount: many))
        #expect(!PreCopyPolicy().isWorthwhile(faultCount: many - 1))
        var policy = PreCopyPolicy()
        policy.note(beforeNanoseconds: 1, inPauseNanoseconds: 1)
        #expect(!policy.isWorthwhile(faultCount: many))
    }

    /// How many epochs in a row go without, each of them long.
    private func skipped(_ policy: inout PreCopyPolicy) -> Int {
        var count = 0
        while !policy.isWorthwhile(faultCount: 0) {
            policy.note(beforeNanoseconds: 0, inPauseNanoseconds: Self.long)
            count += 1
        }
        return count
    }

    @Test("not for a while where it left more than half for the pause, and longer each time")
    func inVain() {
        var policy = policy(after: Self.long, Self.long, Self.long)
        var skips: [Int] = []
        for _ in 0..<6 {
            policy.note(beforeNanoseconds: Self.long, inPauseNanoseconds: Self.long / 2 + 1)
            skips.append(skipped(&policy))
        }
        #expect(skips == [4, 8, 16, 32, 64, 64])
        // Once it was of use, the next failure is the first again.
        policy.note(beforeNanoseconds: Self.long, inPauseNanoseconds: Self.long / 2)
        policy.note(beforeNanoseconds: Self.long, inPauseNanoseconds: Self.long)
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
