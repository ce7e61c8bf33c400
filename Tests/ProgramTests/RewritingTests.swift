import Foundation
import TestSupport
import Testing

/// That call sites of real programs are rewritten, and that `--no-rewrite` leaves them alone.
@Suite("rewriting call sites", .startsGuests)
struct RewritingTests {
    private static let copy = Command(
        "/bin/dd", ["if=/dev/zero", "of=/dev/null", "bs=1", "count=2000", "status=none"])

    /// Runs a guest, and reads what its report says of it.
    private static func report<Value: Sendable>(
        _ guest: Command, _ options: [String], _ value: @Sendable ([String: Any]) throws -> Value
    ) async throws -> Value {
        try await ScratchDirectory.with { scratch in
            let report = scratch.file("report")
            let command = Understudy.run(guest, options: options + ["--report", report])
            let outcome = try await command.run()
            guard outcome.ending == .exited(0) else { throw TestFailure("did not end well", outcome) }
            let data = try Data(contentsOf: URL(fileURLWithPath: report))
            return try value(try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]))
        }
    }

    private static func rewritten(_ guest: Command, _ options: [String] = []) async throws -> Int {
        try await report(guest, options) { try #require($0["rewritten_call_sites"] as? Int) }
    }

    /// How often the supervisor was asked for the time by a program that asks a thousand times.
    private static func clockCalls(_ options: [String]) async throws -> Int {
        let script = "import time\nfor _ in range(1000): time.time(); time.monotonic()"
        let names = ["clock_gettime", "gettimeofday", "time"]
        return try await report(Command("/usr/bin/python3", ["-c", script]), options) { fields in
            let syscalls = try #require(fields["syscalls"] as? [String: Any])
            let byName = try #require(syscalls["by_name"] as? [String: Int])
            return names.reduce(0) { $0 + (byName[$1] ?? 0) }
        }
    }

    @Test("clocks are read by the vDSO, without the supervisor")
    func clocks() async throws {
        #expect(try await RewritingTests.clockCalls([]) < 20)
        #expect(try await RewritingTests.clockCalls(["--no-rewrite"]) >= 2000)
    }

    @Test("dd's read and write, by the C library of Debian")
    func rewritten() async throws {
        #expect(try await RewritingTests.rewritten(RewritingTests.copy) >= 2)
    }

    @Test("a program without a table of its functions")
    func linkedStatically() async throws {
        let program = try #require(Linkage.static.path(of: "fifos"), "run make guests")
        var command = Command(program)
        command.directory = "/tmp"
        #expect(try await RewritingTests.rewritten(command, ["--test-rewrite-after", "1"]) >= 5)
    }

    @Test("--no-rewrite: none")
    func notRewritten() async throws {
        #expect(try await RewritingTests.rewritten(RewritingTests.copy, ["--no-rewrite"]) == 0)
    }

    /// Calls of each thread of the storm; a long run says more.
    private static let stormRounds = max(
        1, Int(ProcessInfo.processInfo.environment["UNDERSTUDY_STORM_ROUNDS"] ?? "") ?? 20_000)

    @Test(
        "threads, signals, descriptors and code that change under calls from the same places",
        arguments: [[], ["--test-rewrite-after", "1"], ["--no-rewrite"]])
    func storm(_ options: [String]) async throws {
        for linkage in [Linkage.static, .dynamic] {
            let program = try #require(linkage.path(of: "call_storm"), "run make guests")
            var command = Command(program, [String(RewritingTests.stormRounds)])
            command.directory = "/tmp"
            command.timeoutSeconds = 60 + Double(RewritingTests.stormRounds) / 1000
            let outcome = try await Understudy.run(command, options: options).run()
            guard outcome.ending == .exited(0) else { throw TestFailure("call_storm \(options)", outcome) }
            SoakLog.note("call_storm \(linkage)", ["calls of each thread": RewritingTests.stormRounds])
        }
    }
}
