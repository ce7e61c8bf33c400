import TestSupport

extension CommandOutcome {
    /// Throws unless Understudy itself ended with this status and one line that has all of these words.
    func requireRefusal(_ status: Int32, naming words: String...) throws {
        if let line = Understudy.trouble(in: errorText) { throw TestFailure("in trouble: \(line)", self) }
        guard ending == .exited(status) else { throw TestFailure("exit status \(status) was expected", self) }
        guard output.isEmpty else { throw TestFailure("something ran", self) }
        let lines = errorText.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 2, lines[1].isEmpty, lines[0].hasPrefix("understudy: ") else {
            throw TestFailure("one line of Understudy's was expected on standard error", self)
        }
        for word in words where !lines[0].contains(word) {
            throw TestFailure("\"\(word)\" was expected in the message", self)
        }
    }

    /// Throws if the supervisor itself is in trouble, whatever became of the guest.
    func requireNoTrouble() throws {
        if let line = Understudy.trouble(in: errorText) { throw TestFailure("in trouble: \(line)", self) }
        if ending == .signalled(6) { throw TestFailure("aborted", self) }
    }
}
