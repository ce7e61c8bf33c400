import Foundation
import TestSupport
import Testing

/// Command lines that are wrong, and options' files that are not there.
@Suite("bad usage", .startsGuests)
struct UsageTests {
    @Test(
        "exit status 64 and one line",
        arguments: [
            ["run"], ["run", "--"], ["run", "--no-such-option", "--", "/bin/true"], ["no-such-command"],
            ["run", "--dispatch", "fast", "--", "/bin/true"], ["run", "--dispatch"],
            ["run", "--test-stops", "x", "/bin/true"], ["run", "--test-commits", "1:x", "/bin/true"],
            ["run", "--log-format", "xml", "/bin/true"], ["run", "--env", "=value", "/bin/true"], ["check", "more"],
        ])
    func usage(_ words: [String]) async throws {
        let outcome = try await Command(TestEnvironment.understudy, words).run()
        try outcome.requireRefusal(64)
    }

    @Test("files that cannot be had: 125, and the guest does not run")
    func files() async throws {
        for options in [
            ["--report", "/no/such/directory/report"], ["--pid-file", "/no/such/directory/pid"],
            ["--env-file", "/no/such/file"], ["--workdir", "/no/such/directory"], ["-w", "/etc/passwd"],
        ] {
            let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: options).run()
            try outcome.requireRefusal(125, naming: options[1])
        }
    }

    @Test("a report to a full device is reported itself")
    func fullReport() async throws {
        let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: ["--report", "/dev/full"]).run()
        try outcome.requireNoTrouble()
        #expect(outcome.outputText == "ran\n")
        #expect(outcome.supervisorLines.contains { $0.contains("/dev/full") }, "\(outcome)")
    }

    @Test("words after the program are the program's")
    func passedThrough() async throws {
        let command = Command("/bin/echo", ["--dispatch", "fast", "--", "-e", "--help", "--version"])
        for options in [[], ["--dispatch", "auto"]] {
            try await Understudy.run(command, options: options).run().requireSame(as: command.run())
        }
        // Also without the two dashes.
        let outcome = try await Understudy.command("run", "/bin/echo", "-n", "--report", "x").run()
        #expect(outcome.outputText == "--report x")
        #expect(outcome.ending == .exited(0))
    }

    @Test("help and version say what they are asked for")
    func help() async throws {
        for words in [["--help"], ["run", "--help"], ["check", "--help"], ["--version"]] {
            let outcome = try await Command(TestEnvironment.understudy, words).run()
            #expect(outcome.ending == .exited(0), "\(outcome)")
            #expect(!outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
        }
    }

    @Test("check says what this machine has")
    func check() async throws {
        let table = try await Understudy.command("check").run()
        #expect(table.ending == .exited(0), "\(table)")
        #expect(table.outputText.contains("Syscall User Dispatch"))
        let outcome = try await Understudy.command("check", "--json").run()
        #expect(outcome.ending == .exited(0) && outcome.errors.isEmpty, "\(outcome)")
        let check = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
        #expect(check["can_run"] as? Bool == true)
        #expect(Dispatch(rawValue: check["dispatch"] as? String ?? "") != nil)
        let features = try #require(check["features"] as? [[String: Any]])
        #expect(features.count >= 5)
        for feature in features {
            #expect(feature["name"] is String && feature["since"] is String && feature["available"] is Bool)
        }
    }
}
