import Foundation
import TestSupport
import Testing

/// Random system calls by the thousand, in each way of dispatch, also traced, checkpointed and stopped at any moment.
/// The guest may end as it likes; the supervisor never crashes, hangs, keeps descriptors or has its memory changed.
/// What is watched stands in scripts/syscall_fuzz.py, which makes namespaces where nothing on the machine is harmed.
@Suite("random system calls", .startsGuests)
struct SyscallFuzzTests {
    private static let script =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/scripts/syscall_fuzz.py"

    /// Of each linkage; a long run says more.
    private static let seconds = max(
        1, Int(ProcessInfo.processInfo.environment["UNDERSTUDY_FUZZ_SECONDS"] ?? "") ?? 10)

    @Test("do no harm to the supervisor", arguments: [Linkage.static, .dynamic])
    func fuzz(_ linkage: Linkage) async throws {
        let program = try #require(linkage.path(of: "syscall_fuzzer"), "run make guests")
        let words = [Self.script, TestEnvironment.understudy, program, "\(TestEnvironment.seed)", "\(Self.seconds)"]
        var command = Command("/usr/bin/python3", words)
        // Its last life may take as long as a life may, and wait for a processor besides.
        command.timeoutSeconds = Double(Self.seconds) + 800
        let outcome = try await command.run()
        guard outcome.ending == .exited(0) else { throw TestFailure("seed \(TestEnvironment.seed)", outcome) }
        let summary = Data((outcome.outputText.split(separator: "\n").last ?? "").utf8)
        let figures = try #require(try JSONSerialization.jsonObject(with: summary) as? [String: Int])
        // Lives that came to their end, so that something was compared, and calls by the thousand.
        try #require(figures["compared"] ?? 0 > 0, "\(figures)")
        try #require(figures["calls"] ?? 0 > 10_000, "\(figures)")
        SoakLog.note("random system calls", figures.filter { $0.key != "seed" && $0.key != "failures" })
    }
}
