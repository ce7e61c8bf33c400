import ArgumentParser

/// The command line's root; its contract is docs/cli.md.
public struct UnderstudyCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "understudy",
        abstract: "Runs an unmodified Linux program inside its own process.",
        version: "0.1.0",
        subcommands: [RunCommand.self])

    public init() {}
}
