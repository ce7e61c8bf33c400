import Glibc

/// What a guest that had a mirror left behind, on both sides.
public struct ReplicatedOutcome: Sendable, CustomStringConvertible {
    public let primary: CommandOutcome
    public let mirror: CommandOutcome

    public init(primary: CommandOutcome, mirror: CommandOutcome) {
        self.primary = primary
        self.mirror = mirror
    }

    public var didTakeOver: Bool { mirror.errorText.contains(ReplicatedGuest.takeoverLine) }

    public var description: String { "--- primary\n\(primary)\n--- mirror\n\(mirror)" }

    /// Throws unless the two sides together did what the program does natively: its output, at least once and without a
    /// gap, and its end, on the side that came to it.
    public func requireSame(as native: CommandOutcome) throws {
        if let problem = trouble() ?? differentOutput(native) ?? differentEnding(native) {
            throw TestFailure("\(problem)\n\(self)\n--- native\n\(native)")
        }
    }

    /// Throws if one of the two supervisors is in trouble itself.
    public func requireNoTrouble() throws {
        if let problem = trouble() { throw TestFailure("\(problem)\n\(self)") }
    }

    private func trouble() -> String? {
        for (name, outcome) in [("primary", primary), ("mirror", mirror)] {
            if let line = Understudy.trouble(in: outcome.errorText) { return "the \(name) is in trouble: \(line)" }
        }
        return nil
    }

    private func differentOutput(_ native: CommandOutcome) -> String? {
        let output = TakeoverOutput(primary: primary.output, mirror: mirror.output)
        if let problem = output.problem(expected: native.output) { return "standard output: \(problem)" }
        let errors = TakeoverOutput(
            primary: Array(primary.guestErrorText.utf8), mirror: Array(mirror.guestErrorText.utf8))
        return errors.problem(expected: native.errors).map { "standard error: \($0)" }
    }

    private func differentEnding(_ native: CommandOutcome) -> String? {
        let isComplete = primary.output == native.output
        if didTakeOver || (primary.ending == .signalled(SIGKILL) && mirror.ending == native.ending) {
            let isRight = mirror.ending == native.ending
            return isRight ? nil : "the mirror ended by \(mirror.ending), natively by \(native.ending)"
        }
        guard mirror.ending == .exited(0) else { return "no takeover, but the mirror ended by \(mirror.ending)" }
        // A primary may be killed after its guest's end was made known, and before it has ended itself.
        if primary.ending == native.ending || (primary.ending == .signalled(SIGKILL) && isComplete) { return nil }
        return "the primary ended by \(primary.ending), natively by \(native.ending)"
    }
}
