import Replication
import Testing

@Suite("which epochs leave their pages open to writes")
struct OpenPagesPolicyTests {
    /// Cuts an epoch in which so many pages are found; whether they were left open.
    private func cut(_ policy: inout OpenPagesPolicy, _ pageCount: Int) -> Bool {
        let leavesOpen = policy.leavesOpen
        policy.note(pageCount: pageCount, leftOpen: leavesOpen)
        return leavesOpen
    }

    @Test("the same pages again and again are left open, and looked at anew now and then")
    func samePages() {
        var policy = OpenPagesPolicy()
        for _ in 0..<5 {
            for _ in 0..<256 { #expect(cut(&policy, 20)) }
            #expect(!cut(&policy, 20))
        }
    }

    @Test("pages that come together are protected when they are a quarter more")
    func comingTogether() {
        var policy = OpenPagesPolicy()
        var found = 20
        var protections = 0
        for _ in 0..<100 {
            if cut(&policy, found) {
                found += 5
            } else {
                protections += 1
                found = 20
            }
            // One epoch later, as the next is decided on by the last.
            #expect(found <= 20 + 5 + 4 + 2 * 5)
        }
        #expect(20...40 ~= protections)
    }

    @Test("after an epoch that finds many at once, what it found is what is usual")
    func moreAtOnce() {
        var policy = OpenPagesPolicy()
        #expect(cut(&policy, 3))
        #expect(cut(&policy, 50))
        #expect(!cut(&policy, 50))
        // Those of the epoch before were still open in it.
        #expect(!cut(&policy, 45))
        #expect(cut(&policy, 45))
        #expect(cut(&policy, 50))
    }

    @Test("a large guest's are left open where they are few")
    func large() {
        var policy = OpenPagesPolicy()
        policy.residentPageCount = 8192
        for _ in 0..<10 { #expect(cut(&policy, 100)) }
        policy.residentPageCount = 25_000
        for _ in 0..<10 { #expect(!cut(&policy, 100)) }
        _ = cut(&policy, 60)
        for _ in 0..<10 { #expect(cut(&policy, 60)) }
    }

    @Test("many are always protected")
    func many() {
        var policy = OpenPagesPolicy()
        _ = cut(&policy, 1000)
        for _ in 0..<10 { #expect(!cut(&policy, 1000)) }
        #expect(!cut(&policy, 60))
        #expect(cut(&policy, 60))
    }

    @Test(
        "others each time are hardly ever left open, and the same ones soon again",
        arguments: [(100, 200), (170, 200), (50, 100)])
    func others(fresh: Int, both: Int) {
        var policy = OpenPagesPolicy()
        var wereOpen = false
        var openCount = 0
        for _ in 0..<1000 {
            wereOpen = cut(&policy, wereOpen ? both : fresh)
            if wereOpen { openCount += 1 }
        }
        #expect(1...50 ~= openCount)
        let untilOpen = (0..<200).first { _ in cut(&policy, 100) }
        #expect(untilOpen != nil)
        for _ in 0..<100 { #expect(cut(&policy, 100)) }
    }
}
