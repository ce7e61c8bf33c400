/// How syscalls are caught, as `--dispatch` names it.
public enum Dispatch: String, CaseIterable, Sendable, CustomStringConvertible {
    case inclusive
    case selector
    case seccomp

    public var description: String { rawValue }

    /// A different one for each of three neighbours, where all three would take too long.
    public static func taking(turn: Int) -> Dispatch { allCases[turn % allCases.count] }
}

/// The command line of the executable under test.
public enum Understudy {
    /// `understudy run` for a command that could as well be run natively.
    public static func run(
        _ guest: Command, dispatch: Dispatch? = nil, testStops seed: UInt64? = nil, options: [String] = []
    ) -> Command {
        var words = ["run"]
        if let dispatch { words += ["--dispatch", dispatch.rawValue] }
        if let seed { words += ["--test-stops", String(seed)] }
        words += options + ["--", guest.program]
        var command = guest
        command.program = TestEnvironment.understudy
        command.arguments = words.map { Array($0.utf8) } + guest.arguments
        return command
    }

    /// `understudy` with these words, in the plain environment.
    public static func command(_ words: String...) -> Command {
        Command(TestEnvironment.understudy, words)
    }

    /// Lines that only a mistake of ours makes: of the runtime, of an assertion, of the supervisor itself; and what a
    /// mirror says of an epoch that was made from something else than it has.
    public static func trouble(in errorText: String) -> String? {
        let marks = [
            "internal error", "Fatal error", "Crash:", "*** Signal", "Backtrace", "precondition", "BUG", "Swift/",
            "come as a difference",
        ]
        let lines = errorText.split(separator: "\n").map(String.init)
        return lines.first { line in marks.contains { line.contains($0) } }
    }
}

extension CommandOutcome {
    /// Throws unless this outcome, of a guest, is the same as the native one.
    ///
    /// What Understudy says on standard error in lines of its own is left out of the comparison.
    public func requireSame(as native: CommandOutcome) throws {
        if let line = Understudy.trouble(in: errorText), !native.errorText.contains(line) {
            throw TestFailure("the supervisor is in trouble: \(line)", self)
        }
        let difference: String
        if ending != native.ending {
            difference = "ended by \(ending), natively by \(native.ending)"
        } else if output != native.output {
            difference = "standard output differs: \(firstDifference(output, native.output))"
        } else if guestErrorText != native.errorText {
            difference = "standard error differs: \(firstDifference(Array(guestErrorText.utf8), native.errors))"
        } else {
            return
        }
        throw TestFailure("\(difference)\n--- guest\n\(self)\n--- native\n\(native)")
    }

    private func firstDifference(_ guest: [UInt8], _ native: [UInt8]) -> String {
        let index = zip(guest, native).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let place = index ?? min(guest.count, native.count)
        func near(_ bytes: [UInt8]) -> String {
            String(decoding: bytes[max(0, place - 40)..<min(bytes.count, place + 40)], as: UTF8.self).debugDescription
        }
        return "at byte \(place): \(near(guest)), natively \(near(native))"
    }
}
