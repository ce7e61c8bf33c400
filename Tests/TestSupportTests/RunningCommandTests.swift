import Foundation
import TestSupport
import Testing

/// The tests are worth no more than what runs the programs.
@Suite("running programs")
struct RunningCommandTests {
    private func shell(_ script: String) -> Command {
        Command("/bin/sh", ["-c", script])
    }

    @Test("exit statuses and signals are told apart")
    func endings() async throws {
        #expect(try await shell("exit 139").run().ending == .exited(139))
        #expect(try await shell("kill -SEGV $$").run().ending == .signalled(SIGSEGV))
        #expect(try await shell("kill -KILL $$").run().ending == .signalled(SIGKILL))
    }

    @Test("both outputs arrive whole, while input is taken")
    func streams() async throws {
        var command = shell("tee /dev/stderr")
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        command.input = .bytes(bytes)
        let outcome = try await command.run()
        #expect(outcome.output == bytes && outcome.errors == bytes)
    }

    @Test("a program that hangs is killed with its children, and what it said is shown")
    func hang() async throws {
        var command = shell("echo said; sleep 1000 & sleep 1000")
        command.timeoutSeconds = 0.5
        do {
            _ = try await command.run()
            Issue.record("it came to an end")
        } catch let failure as TestFailure {
            #expect(failure.description.contains("not ended after") && failure.description.contains("said"))
        }
    }

    @Test("a child that keeps the pipes open does not hold up the end")
    func orphan() async throws {
        let outcome = try await shell("sleep 1000 & echo parent").run()
        #expect(outcome.outputText == "parent\n" && outcome.ending == .exited(0))
    }

    @Test("signals, descriptors and environment are plain")
    func plain() async throws {
        let script = "ls -l /proc/self/fd | grep -c -- '->'; grep -E 'Sig(Blk|Ign)' /proc/self/status; ulimit -c"
        let outcome = try await shell(script).run()
        // The fourth is the one with which ls reads the directory. posix_spawn leaves glibc's own two signals ignored.
        let ignored = ["0000000000000000", "0000000180000000"]
        let expected = ignored.map { "4\nSigBlk:\t0000000000000000\nSigIgn:\t\($0)\n0\n" }
        #expect(expected.contains(outcome.outputText), "\(outcome)")
    }

    @Test("a replay line does the same again")
    func replay() async throws {
        var command = Command("/usr/bin/printf", ["%s|", "plain", "two words", "it's", "", "a\nb", "ü", "$HOME"])
        command.arguments.append([0xff, 39, 7])
        let first = try await command.run()
        let again = try await Command("/bin/bash", ["-c", command.replayLine]).run()
        #expect(again.output == first.output, "\(again)")
    }

    @Test("a difference is found and shown")
    func difference() async throws {
        let native = try await shell("echo one; echo two >&2; exit 3").run()
        let same = try await shell("echo one; echo two >&2; echo 'understudy: hello' >&2; exit 3").run()
        try same.requireSame(as: native)
        for script in [
            "echo One; echo two >&2; exit 3", "echo one; echo three >&2; exit 3", "echo one; echo two >&2; exit 4",
            "echo one; echo two >&2; kill -9 $$", "echo one; echo two >&2; echo 'Fatal error: x' >&2; exit 3",
        ] {
            let other = try await shell(script).run()
            #expect(throws: TestFailure.self) { try other.requireSame(as: native) }
        }
    }

    @Test("scratch directories go with success and stay with failure")
    func scratch() async throws {
        var path = ""
        try await ScratchDirectory.with { scratch in
            path = try scratch.write("file", text: "x")
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        do {
            try await ScratchDirectory.with { scratch in
                path = scratch.path
                throw TestFailure("on purpose")
            }
        } catch {
            #expect("\(error)".contains(path))
        }
        #expect(FileManager.default.fileExists(atPath: path))
        try FileManager.default.removeItem(atPath: path)
    }
}
