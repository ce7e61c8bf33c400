import Foundation
import TestSupport
import Testing

extension CommandOutcome {
    /// Throws unless Understudy ended with this status, the guest wrote this, and a line of Understudy's has each word.
    func requireSaid(status: Int32, output: String, _ words: String...) throws {
        if let line = Understudy.trouble(in: errorText) { throw TestFailure("in trouble: \(line)", self) }
        guard self.status == status else { throw TestFailure("exit status \(status) was expected", self) }
        guard outputText == output else { throw TestFailure("another output was expected", self) }
        if words.isEmpty, !supervisorLines.isEmpty { throw TestFailure("something is said", self) }
        for word in words where !supervisorLines.contains(where: { $0.contains(word) }) {
            throw TestFailure("\"\(word)\" was expected in a message", self)
        }
    }

    /// The number that Understudy says before these words; throws unless it is in the range.
    @discardableResult
    func requireCount(before words: String, in range: ClosedRange<Int>) throws -> Int {
        for line in supervisorLines {
            guard let place = line.range(of: " \(words)") else { continue }
            let digits = line[..<place.lowerBound].reversed().prefix { $0.isNumber }.reversed()
            if let count = Int(String(digits)), range.contains(count) { return count }
        }
        throw TestFailure("a number of \(range) before \"\(words)\" was expected", self)
    }
}

extension ScratchDirectory {
    /// The lines of a trace once the last one ends so; what writes it may outlive the guest by a moment.
    func waitForTrace(_ name: String, end: String) async throws -> [Substring] {
        var text = ""
        for _ in 0..<500 {
            text = String(decoding: (try? read(name)) ?? [], as: UTF8.self)
            if text.hasSuffix("\(end)\n") { return text.split(separator: "\n") }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestFailure("the trace does not end with \"\(end)\": …\(text.suffix(200))")
    }
}
