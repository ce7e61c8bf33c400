import ArgumentParser
import Glibc
import Supervisor

/// The command line's root.
public struct UnderstudyCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "understudy",
        abstract: "Runs an unmodified Linux program inside its own process.",
        version: understudyVersion,
        subcommands: [
            RunCommand.self, MirrorCommand.self, TraceCommand.self, CtlCommand.self, CheckCommand.self,
        ])

    public init() {}

    /// Parses the command line, does what it says, and ends the process.
    ///
    /// In place of the library's own `main`, whose messages do not start with our name and take several lines.
    public static func runAndExit() -> Never {
        do {
            var command = try parse(Array(CommandLine.arguments.dropFirst()))
            try command.run()
            Glibc.exit(0)
        } catch {
            end(error)
        }
    }

    /// So many words are given to the parser, whose time grows with their square: 20 000 took ten seconds.
    private static let parsedCountMax = 256

    /// Parses the words up to and beyond PROGRAM; where more follow they are the guest's own.
    private static func parse(_ words: [String]) throws -> any ParsableCommand {
        if words.first == TraceCommand.configuration.commandName {
            return try TraceCommand.parse(Array(words.dropFirst()), with: parseAsRoot)
        }
        if words.count > parsedCountMax,
            var run = try? parseAsRoot(Array(words.prefix(parsedCountMax))) as? RunCommand
        {
            run.arguments += words.dropFirst(parsedCountMax)
            return run
        }
        return try parseAsRoot(words)
    }

    private static func end(_ error: any Error) -> Never {
        let status = exitCode(for: error)
        if let status = error as? ExitCode { Glibc.exit(status.rawValue) }
        if status.isSuccess {
            // --help and --version.
            print(fullMessage(for: error))
            Glibc.exit(0)
        }
        let name = CommandLine.arguments.dropFirst().first ?? ""
        let isSubcommand = configuration.subcommands.contains { $0.configuration.commandName == name }
        let command = isSubcommand ? "understudy \(name)" : "understudy"
        let said = LaterFeatures.problem(in: CommandLine.arguments) ?? message(for: error)
        let sentence = said.trimmed(of: "Error: ").withLowercaseStart()
        MessageLog(format: .text).say(.error, "\(sentence); see \(command) --help")
        Glibc.exit(SupervisorError.Code.usage.rawValue)
    }
}

extension String {
    fileprivate func trimmed(of prefix: String) -> String {
        var text = hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
        while text.last == "." || text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    fileprivate func withLowercaseStart() -> String {
        prefix(1).lowercased() + dropFirst()
    }
}
