import TestSupport

/// A script that prints a numbered sequence.
enum TestedScript: String, CaseIterable, Sendable, CustomStringConvertible {
    case perl, lua, shell, python

    var description: String { rawValue }

    /// For so many lines that it runs for longer than the latest kill takes.
    var command: Command {
        let sources = TestEnvironment.guestExamples + "/servers"
        switch self {
        case .perl: return Command("/usr/bin/perl", [sources + "/lines.pl", "1000"])
        case .lua: return Command("/usr/bin/lua5.4", [sources + "/lines.lua", "8000"])
        case .shell: return Command("/usr/bin/busybox", ["sh", sources + "/lines.sh", "100"])
        case .python: return Command("/usr/bin/python3", [sources + "/workers.py", "150"])
        }
    }
}
