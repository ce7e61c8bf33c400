import Testing

@testable import Replication

@Suite("cutting early")
struct EarlyCutTests {
    @Test("after as much work as the last cut took, but no little, and more behind a large epoch")
    func work() {
        let least = EarlyCut.workNanosecondsMin
        #expect(EarlyCut.workNanoseconds(afterCutOf: 100, wasSentAtOnce: true) == least)
        #expect(EarlyCut.workNanoseconds(afterCutOf: least, wasSentAtOnce: true) == least)
        #expect(EarlyCut.workNanoseconds(afterCutOf: 4 * least, wasSentAtOnce: true) == 4 * least)
        let otherwise = EarlyCut.workNanosecondsOtherwise
        #expect(otherwise > least)
        #expect(EarlyCut.workNanoseconds(afterCutOf: 100, wasSentAtOnce: false) == otherwise)
        #expect(EarlyCut.workNanoseconds(afterCutOf: 2 * otherwise, wasSentAtOnce: false) == 2 * otherwise)
    }
}
