/// How a page was encoded before: what to try first.
///
/// A page that is written epoch after epoch changes much the same way each time. So what was the shortest when all were
/// tried is taken again, until its outcome is twice as long as it was then, and for so many times at most.
struct PageExperience: Equatable {
    /// The shortest when all were tried; nil before that.
    private(set) var shortest: PageCoding?
    /// How often it is taken yet before all are tried again.
    private(set) var trustLeft: UInt8 = 0
    private(set) var byteCount: UInt16 = 0

    private static let trust: UInt8 = 16

    /// What is to be tried alone; nil where all are to be tried.
    var favourite: PageCoding? { trustLeft == 0 ? nil : shortest }

    /// Whether so many bytes are what is to be expected of the favourite.
    func isContent(with byteCount: Int) -> Bool {
        byteCount <= 2 * Int(self.byteCount)
    }

    mutating func noteFavouriteTaken() {
        trustLeft -= 1
    }

    mutating func noteShortest(_ coding: PageCoding, byteCount: Int) {
        shortest = coding
        self.byteCount = UInt16(byteCount)
        trustLeft = PageExperience.trust
    }
}
