import Replication
import Testing

@Suite("copying before the pause")
struct PreCopyPolicyTests {
    /// Copied pages that are just worth it.
    private static let many = Int(PreCopyPolicy.worthwhileNanoseconds + 599) / 600

    private static func work(_ pageCount: Int, searching searched: Int = 0, times: Int = 1) -> PreCopyPolicy.Work {
        PreCopyPolicy.Work(searchedPageCount: searched, searchCount: times, pageCount: pageCount, isBySignals: false)
    }

    /// After epochs of so many pages each, all of which were copied in the pause.
    private func policy(after pageCounts: [Int]) -> PreCopyPolicy {
        var policy = PreCopyPolicy()
        for count in pageCounts { policy.note(before: nil, inPause: Self.work(count)) }
        return policy
    }

    private func policy(afterMany count: Int) -> PreCopyPolicy {
        policy(after: [Int](repeating: Self.many, count: count))
    }

    @Test("only where collecting was long work in each of the last four epochs")
    func long() {
        #expect(!PreCopyPolicy().isWorthwhile(faultCount: 0))
        #expect(!policy(afterMany: 3).isWorthwhile(faultCount: 0))
        #expect(policy(afterMany: 4).isWorthwhile(faultCount: 0))
        #expect(policy(afterMany: 40).isWorthwhile(faultCount: 0))
        let few = Self.many - 1
        #expect(!policy(after: [Self.many, Self.many, Self.many, Self.many, few]).isWorthwhile(faultCount: 0))
        #expect(!policy(after: [few, Self.many, Self.many, Self.many]).isWorthwhile(faultCount: 0))
        #expect(policy(after: [few, Self.many, Self.many, Self.many, Self.many]).isWorthwhile(faultCount: 0))
    }

    @Test("a search of much memory is long work, and so are pages that are protected one by one")
    func work() {
        #expect(Self.work(100, searching: 25_000).nanoseconds == 235_000)
        #expect(Self.work(100, searching: 25_000, times: 3).nanoseconds == 585_000)
        #expect(Self.work(100, searching: 25_000, times: 0).nanoseconds == 60_000)
        var bySignals = Self.work(100, searching: 25_000)
        bySignals.isBySignals = true
        #expect(bySignals.nanoseconds == 400_000)
    }

    @Test("or where the search of the first epoch was")
    func first() {
        var policy = PreCopyPolicy()
        policy.noteFirst(Self.work(0, searching: 25_000))
        #expect(policy.isWorthwhile(faultCount: 0))
        policy.note(before: nil, inPause: Self.work(0))
        #expect(!policy.isWorthwhile(faultCount: 0))
    }

    @Test("a search counts until four epochs in a row have done without")
    func unsearched() {
        var policy = PreCopyPolicy()
        let search = Self.work(0, searching: 25_000)
        let none = Self.work(0, searching: 25_000, times: 0)
        policy.noteFirst(search)
        for epoch in 1...12 {
            // Three of four find what they look for.
            policy.note(before: nil, inPause: epoch.isMultiple(of: 4) ? search : none)
            #expect(policy.isWorthwhile(faultCount: 0))
        }
        for _ in 1...3 {
            policy.note(before: none, inPause: none)
            #expect(policy.isWorthwhile(faultCount: 0))
        }
        policy.note(before: none, inPause: none)
        #expect(!policy.isWorthwhile(faultCount: 0))
        // One by one, nothing is searched.
        var bySignals = none
        bySignals.isBySignals = true
        var other = PreCopyPolicy()
        other.noteFirst(search)
        other.note(before: nil, inPause: bySignals)
        #expect(!other.isWorthwhile(faultCount: 0))
    }

    @Test("or where many pages must have been written")
    func faults() {
        let count = PreCopyPolicy.worthwhileFaultCount
        #expect(PreCopyPolicy().isWorthwhile(faultCount: count))
        #expect(!PreCopyPolicy().isWorthwhile(faultCount: count - 1))
        var policy = PreCopyPolicy()
        policy.note(before: Self.work(1), inPause: Self.work(1))
        #expect(!policy.isWorthwhile(faultCount: count))
    }

    /// How many epochs in a row go without, each of many pages.
    private func skipped(_ policy: inout PreCopyPolicy) -> Int {
        var count = 0
        while !policy.isWorthwhile(faultCount: 0) {
            policy.note(before: nil, inPause: Self.work(Self.many))
            count += 1
        }
        return count
    }

    @Test("not for a while where it left more than half for the pause, and longer each time")
    func inVain() {
        var policy = policy(afterMany: 4)
        var skips: [Int] = []
        for _ in 0..<6 {
            policy.note(before: Self.work(1000), inPause: Self.work(501))
            skips.append(skipped(&policy))
        }
        #expect(skips == [4, 8, 16, 32, 64, 64])
        // Once it was of use, the next failure is the first again.
        policy.note(before: Self.work(1000), inPause: Self.work(500))
        policy.note(before: Self.work(1000), inPause: Self.work(1000))
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
