import ArgumentParser
import Glibc
import Measurement
import Supervisor
import Tracing

/// The command line's root.
public struct UnderstudyCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "understudy",
        abstract: "Runs an unmodified Linux program inside its own process.",
        version: understudyVersion,
        subcommands: [
            RunCommand.self, MirrorCommand.self, TraceCommand.self, BenchCommand.self, CtlCommand.self,
            CheckCommand.self,
        ])

    public init() {}

    /// Parses the command line, does what it says, and ends the process.
    ///
    /// In place of the library's own `main`, whose messages do not start with our name and take several lines.
    public static func runAndExit() -> Never {
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            if words.first == TraceReaderCommand.name {
                try TraceReaderCommand.run(Array(words.dropFirst()), request: traceRequest)
            }
            if words.first == MeasurementGuest.commandName {
                Glibc.exit(MeasurementGuest.run(Array(words.dropFirst())))
            }
            var command = try parse(words)
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

    /// What a command line that runs a guest asks to be traced.
    private static func traceRequest(of words: [String]) throws -> TraceRequest? {
        let command = try parse(words)
        return try (command as? TraceCommand)?.traceRequest() ?? (command as? RunCommand)?.traceRequest
    }

    private static func end(_ error: any Error) -> Never {
        if let error = error as? SupervisorError {
            MessageLog(format: .text).say(.error, error.message)
            Glibc.exit(error.code.rawValue)
        }
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
        let sentence = message(for: error).trimmed(of: "Error: ").withLowercaseStart()
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
