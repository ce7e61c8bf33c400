/// What came out of a guest on either side of a takeover: at least once, and no gap.
///
/// What the primary released is a part of what the program prints, from its beginning. The mirror goes on where an
/// epoch ended whose output was released or not: at or before that part's end. So for expected output E, the primary's
/// part P and the mirror's part M there is a k with k <= |P|, P a prefix of E, and P[..<k] + M == E.
public struct TakeoverOutput: Sendable {
    public let primary: [UInt8]
    public let mirror: [UInt8]

    public init(primary: [UInt8], mirror: [UInt8]) {
        self.primary = primary
        self.mirror = mirror
    }

    /// Nil if this is what a takeover may make of the expected output; else what is wrong.
    public func problem(expected: [UInt8]) -> String? {
        guard expected.starts(with: primary) else {
            return "the primary's part differs at byte \(Self.difference(primary, expected[...]))"
        }
        guard mirror.count <= expected.count else {
            return "the mirror's part has \(mirror.count) bytes, the whole \(expected.count)"
        }
        let end = expected[(expected.count - mirror.count)...]
        guard end.elementsEqual(mirror) else {
            return "the mirror's part does not end the output; it differs at its byte \(Self.difference(mirror, end))"
        }
        let gap = expected.count - mirror.count - primary.count
        return gap > 0 ? "\(gap) bytes are missing between the primary's part and the mirror's" : nil
    }

    /// The same where both parts came through one pipe, the primary's first: nil if there is a place to part them.
    public static func problem(joined: [UInt8], expected: [UInt8]) -> String? {
        guard joined.count >= expected.count else { return "\(expected.count - joined.count) bytes are missing" }
        let start = zip(joined, expected).prefix { $0 == $1 }.count
        let end = zip(joined.reversed(), expected.reversed()).prefix { $0 == $1 }.count
        // The primary's part may be as long as `start`, the mirror's as long as `end`.
        if start + end >= joined.count { return nil }
        return "differs at byte \(start), and at byte \(joined.count - end - 1) counted from the end"
    }

    private static func difference(_ part: [UInt8], _ expected: ArraySlice<UInt8>) -> Int {
        zip(part, expected).prefix { $0 == $1 }.count
    }
}
