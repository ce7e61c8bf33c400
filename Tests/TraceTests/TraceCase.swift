import Foundation
import TestSupport
import Testing

/// A command whose calls both tools trace, run in a directory of its own.
struct TraceCase: Sendable, CustomTestStringConvertible {
    /// The line as one would type it, without a shell's power: words, and words in single quotes.
    let line: String
    var options: [String] = []
    var input = Command.Input.null
    /// Where results stand.
    var resultColumn = 40
    /// Done by a shell, in the directory and untraced, before the command.
    var setup = ""

    var testDescription: String { (options + [line]).joined(separator: " ") }

    init(_ line: String, options: [String] = [], input: Command.Input = .null, setup: String = "") {
        self.line = line
        self.options = options
        self.input = input
        self.setup = setup
    }

    /// The command's words; its program with its path.
    func words() throws -> [String] {
        var words: [String] = []
        for (index, piece) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            words += index % 2 == 1 ? [String(piece)] : piece.split(separator: " ").map(String.init)
        }
        guard let program = words.first else { throw TestFailure("a case without a command") }
        words[0] = try TraceCase.path(of: program)
        return words
    }

    private static func path(of program: String) throws -> String {
        if program.contains("/") { return program }
        for place in ["/usr/bin", "/usr/sbin"] where FileManager.default.isExecutableFile(atPath: "\(place)/\(program)")
        {
            return "\(place)/\(program)"
        }
        guard let path = Linkage.dynamic.path(of: program) ?? Linkage.static.path(of: program) else {
            throw TestFailure("\(program) is not there; run make deps and make guests")
        }
        return path
    }

    /// Runs the command by a tool that traces it to a file.
    func run(_ tool: TraceTool, in scratch: ScratchDirectory) async throws -> (outcome: CommandOutcome, trace: String) {
        let directory = try TraceFixture.make(in: scratch)
        if !setup.isEmpty {
            var preparation = Command("/bin/sh", ["-e", "-c", setup])
            preparation.directory = directory
            let prepared = try await preparation.run()
            guard prepared.status == 0 else { throw TestFailure("the setup failed", prepared) }
        }
        // The same name for both: whoever looks at the directory above sees the same.
        let file = scratch.file("trace")
        var command = tool.command(try words(), options: options + ["-f", "-o", file])
        command.directory = directory
        command.input = input
        // A thread's own heap is aligned, and how much is unmapped to align it depends on the address.
        command.environment.append("GLIBC_TUNABLES=glibc.malloc.arena_max=1")
        let outcome = try await command.run()
        return (outcome, String(decoding: try scratch.read("trace"), as: UTF8.self))
    }

    /// Throws unless both traces, and what the command itself did, are the same.
    func compare(_ first: TraceTool = .strace, with second: TraceTool = .understudy) async throws -> Int {
        try await TraceFixture.withDirectory { scratch in
            let reference = try await run(first, in: scratch)
            let ours = try await run(second, in: scratch)
            if let line = Understudy.trouble(in: ours.outcome.errorText) { throw TestFailure("in trouble: \(line)") }
            guard ours.outcome.ending == reference.outcome.ending else {
                throw TestFailure("\(line): by strace \(reference.outcome.ending)", ours.outcome)
            }
            let comparison = try TraceComparison(
                reference: reference.trace, ours: ours.trace, resultColumn: resultColumn)
            if let difference = comparison.difference { throw TestFailure("\(testDescription): \(difference)") }
            return comparison.comparedCount
        }
    }
}

/// What traces a command.
enum TraceTool: String, Sendable, CustomStringConvertible {
    case strace
    case understudy

    var description: String { rawValue }

    func command(_ words: [String], options: [String]) -> Command {
        switch self {
        case .strace: Command("/usr/bin/strace", options + ["--"] + words)
        case .understudy: Command(TestEnvironment.understudy, ["trace"] + options + ["--"] + words)
        }
    }
}
