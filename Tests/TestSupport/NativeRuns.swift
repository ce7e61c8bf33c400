/// Native outcomes, each command run once however many tests compare with it.
public actor NativeRuns {
    public static let shared = NativeRuns()

    private var runs: [String: Task<CommandOutcome, any Error>] = [:]

    /// The outcome of the command run natively; for commands that leave nothing behind.
    public func outcome(of command: Command) async throws -> CommandOutcome {
        let key = command.replayLine
        if let run = runs[key] { return try await run.value }
        let run = Task { try await command.run() }
        runs[key] = run
        return try await run.value
    }
}
