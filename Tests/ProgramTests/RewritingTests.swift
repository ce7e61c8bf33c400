import Foundation
import TestSupport
import Testing

/// That call sites of real programs are rewritten, and that `--no-rewrite` leaves them alone.
@Suite("rewriting call sites", .startsGuests)
struct RewritingTests {
    private static let copy = Command(
        "/bin/dd", ["if=/dev/zero", "of=/dev/null", "bs=1", "count=2000", "status=none"])

    private static func rewritten(_ guest: Command, _ options: [String] = []) async throws -> Int {
        try await ScratchDirectory.with { scratch in
            let report = scratch.file("report")
            let command = Understudy.run(guest, options: options + ["--report", report])
            let outcome = try await command.run()
            guard outcome.ending == .exited(0) else { throw TestFailure("did not end well", outcome) }
            let data = try Data(contentsOf: URL(fileURLWithPath: report))
            let fields = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try #require(fields?["rewritten_call_sites"] as? Int)
        }
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
}
