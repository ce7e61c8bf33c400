import Foundation

/// `understudy ctl`, for tests.
public enum Control {
    public static func run(_ pid: pid_t, _ words: [String]) async throws -> CommandOutcome {
        try await Command(TestEnvironment.understudy, ["ctl", "--pid", "\(pid)"] + words).run()
    }

    /// What `status --json` says of a process.
    public static func status(of pid: pid_t) async throws -> [String: Any] {
        let outcome = try await run(pid, ["status", "--json"])
        guard outcome.ending == .exited(0), outcome.errors == [],
            let status = try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any]
        else { throw TestFailure("no status", outcome) }
        return status
    }
}
