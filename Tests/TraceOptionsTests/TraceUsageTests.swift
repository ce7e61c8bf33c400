import TestSupport
import Testing

/// The command line as a whole.
@Suite("trace's command line")
struct TraceUsageTests {
    @Test(
        "exit status 64 and one line",
        arguments: [
            ["-s", "-1", "true"], ["-s", "99999999999", "true"], ["-s", "", "true"], ["-s", "x", "true"], ["-s"],
            ["-a", "-1", "true"], ["-l", "true"], ["--no-such-option", "true"], [], ["--"], ["-e", "opn", "true"],
            ["-e", "", "true"], ["-o", "", "true"], ["-o", "|", "true"], ["-c", "-C", "true"], ["-w", "true"],
            ["-z", "-Z", "true"], ["-z", "-e", "status=failed", "true"], ["-q", "-e", "quiet=exit", "true"],
            ["-S", "x", "-c", "true"], ["-U", "calls,calls", "-c", "true"], ["-U", "", "true"], ["-p", "1"],
            ["-ff", "true"], ["-u", "root", "true"], ["--buffer", "1K", "true"], ["--buffer", "2G", "true"],
            ["--slower-than", "5", "true"], ["--slower-than", "-5ms", "true"], ["-E", "=x", "true"],
            ["-E", "", "true"], ["-e", "inject=open", "true"], ["--dispatch", "fast", "true"],
        ])
    func usage(_ words: [String]) async throws {
        let outcome = try await Command(TestEnvironment.understudy, ["trace"] + words).run()
        #expect(outcome.ending == .exited(64), "\(outcome)")
        #expect(outcome.output.isEmpty && outcome.supervisorLines.count == 1, "\(outcome)")
    }

    @Test("help and version", arguments: ["-h", "--help", "-V", "--version"])
    func help(_ word: String) async throws {
        let outcome = try await Command(TestEnvironment.understudy, ["trace", "-t", word]).run()
        #expect(outcome.ending == .exited(0) && outcome.errors.isEmpty, "\(outcome)")
        #expect(!outcome.output.isEmpty)
    }
}
