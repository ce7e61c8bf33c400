import Glibc

/// How a process ended.
public enum Ending: Equatable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    public var description: String {
        switch self {
        case .exited(let status): return "exit status \(status)"
        case .signalled(let signal): return "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}

/// What a finished command left behind.
public struct CommandOutcome: Sendable {
    public let command: Command
    public let ending: Ending
    public let output: [UInt8]
    public let errors: [UInt8]
    /// From the start to the end, by the clock on the wall.
    public let wallSeconds: Double

    /// The exit status, or -1 after a signal.
    public var status: Int32 { if case .exited(let status) = ending { status } else { -1 } }

    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// What Understudy itself said: its lines on standard error.
    public var supervisorLines: [String] {
        errorText.split(separator: "\n").map(String.init).filter { $0.hasPrefix(CommandOutcome.prefix) }
    }

    /// What the guest said on standard error.
    public var guestErrorText: String {
        let lines = errorText.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { !$0.hasPrefix(CommandOutcome.prefix) }.joined(separator: "\n")
    }

    private static let prefix = "understudy: "
}

extension CommandOutcome: CustomStringConvertible {
    /// Everything a reader of a failure wants to see, the command to run it again first.
    public var description: String {
        """
        command: \(command.replayLine)
        ended by \(ending)
        standard output (\(output.count) bytes): \(CommandOutcome.shown(outputText))
        standard error (\(errors.count) bytes): \(CommandOutcome.shown(errorText))
        """
    }

    static func shown(_ text: String) -> String {
        let limit = 3000
        if text.count <= limit { return text }
        return "\(text.prefix(limit / 2))\n[… \(text.count - limit) characters …]\n\(text.suffix(limit / 2))"
    }
}

/// A test's finding, with what was seen.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ what: String) {
        description = what
    }

    public init(_ what: String, _ outcome: CommandOutcome) {
        description = "\(what)\n\(outcome)"
    }
}
