import TestSupport
import Testing

/// The rule that outputs of takeovers are judged by.
@Suite("output across a takeover")
struct TakeoverOutputTests {
    private func problem(_ primary: String, _ mirror: String, of expected: String = "abcdef") -> String? {
        TakeoverOutput(primary: Array(primary.utf8), mirror: Array(mirror.utf8)).problem(expected: Array(expected.utf8))
    }

    private func joinedProblem(_ joined: String, of expected: String = "abcdef") -> String? {
        TakeoverOutput.problem(joined: Array(joined.utf8), expected: Array(expected.utf8))
    }

    @Test("at least once and without a gap is right")
    func right() {
        for (primary, mirror) in [
            ("abcdef", ""), ("", "abcdef"), ("abc", "def"), ("abcd", "cdef"), ("abcdef", "abcdef"), ("abcdef", "f"),
        ] {
            #expect(problem(primary, mirror) == nil, "\(primary)|\(mirror)")
            #expect(joinedProblem(primary + mirror) == nil, "\(primary)|\(mirror)")
        }
        #expect(problem("", "", of: "") == nil && joinedProblem("", of: "") == nil)
    }

    @Test("anything else is wrong")
    func wrong() {
        for (primary, mirror) in [
            ("abc", ""), ("abc", "ef"), ("", "bcdef"), ("abX", "cdef"), ("abcd", "deX"), ("abcdefg", ""),
            ("abc", "zabcdef"), ("", ""), ("abcdef", "x"),
        ] {
            #expect(problem(primary, mirror) != nil, "\(primary)|\(mirror)")
        }
        for joined in ["abc", "abcef", "bcdef", "abXcdef", "abcddeX", "abcdefg", "abczabcdef", "", "abcdefx"] {
            #expect(joinedProblem(joined) != nil, "\(joined)")
        }
    }
}
