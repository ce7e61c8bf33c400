import Foundation
import TestSupport
import Testing

/// Options that change what the guest gets.
@Suite("options of run", .startsGuests)
struct OptionTests {
    @Test("--env and --env-file change the environment, --workdir the directory")
    func environment() async throws {
        try await ScratchDirectory.with { scratch in
            let file = try scratch.write("variables", text: "# a comment\nFROM_FILE=1\nBOTH=file\n\nEMPTY=\n")
            let directory = try scratch.makeDirectory("inner")
            let options = ["--env-file", file, "-e", "BOTH=option", "--env", "WITH=a = b", "-w", directory]
            let environment = try await Understudy.run(Command("/usr/bin/env"), options: options).run()
            let lines = Set(environment.outputText.split(separator: "\n").map(String.init))
            for expected in Command.plainEnvironment + ["FROM_FILE=1", "BOTH=option", "EMPTY=", "WITH=a = b"] {
                guard lines.contains(expected) else { throw TestFailure("\(expected) is missing", environment) }
            }
            let place = try await Understudy.run(Command("/bin/pwd"), options: options).run()
            try #require(place.outputText == directory + "\n", "\(place)")
        }
    }

    @Test("a program without a slash is looked up in PATH")
    func search() async throws {
        let outcome = try await Understudy.run(Command("echo", ["found"])).run()
        #expect(outcome.outputText == "found\n", "\(outcome)")
        let nowhere = Understudy.run(Command("echo"), options: ["--env", "PATH=/no/such/place"])
        try await nowhere.run().requireRefusal(127, naming: "echo")
    }

    @Test("--pid-file names the process, which takes signals for the guest")
    func pidFile() async throws {
        try await ScratchDirectory.with { scratch in
            let file = scratch.file("pid")
            let command = Command("/usr/bin/python3", ["-c", SignalTests.countingGuest])
            try await Understudy.run(command, options: ["--pid-file", file]).running { guest in
                try await guest.waitForOutput("ready")
                let text = String(decoding: try scratch.read("pid"), as: UTF8.self)
                try #require(text.trimmingCharacters(in: .whitespacesAndNewlines) == String(guest.pid))
                guest.send(signal: SIGTERM)
                let outcome = try await guest.waitForEnd()
                try #require(outcome.ending == .exited(7), "\(outcome)")
            }
        }
    }

    @Test("--log-format json makes JSON of every line of ours")
    func jsonLog() async throws {
        let path = try #require(Linkage.static.path(of: "fault"), "run make guests")
        let outcome = try await Understudy.run(Command(path, ["ud2"]), options: ["--log-format", "json"]).run()
        let lines = outcome.errorText.split(separator: "\n")
        #expect(lines.count == 1, "\(outcome)")
        for line in lines {
            let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect((json["message"] as? String)?.contains("SIGILL") == true)
        }
    }

    @Test("--test-stops stops the guest, and says how often", arguments: Dispatch.allCases)
    func testStops(_ dispatch: Dispatch) async throws {
        let path = try #require(Linkage.static.path(of: "hello"), "run make guests")
        try await ScratchDirectory.with { scratch in
            let options = ["--report", scratch.file("report.json")]
            let command = Understudy.run(Command(path, ["10"]), dispatch: dispatch, testStops: 42, options: options)
            let outcome = try await command.run()
            try #require(outcome.ending == .exited(0), "\(outcome)")
            let json = try JSONSerialization.jsonObject(with: Data(scratch.read("report.json"))) as? [String: Any]
            let stops = try #require(json?["test_stops"] as? [String: Any])
            try #require(stops["seed"] as? Int == 42)
            try #require((stops["count"] as? Int ?? 0) >= 3, "\(stops)")
        }
    }

    @Test("a relative program, and arguments that are not text")
    func bytes() async throws {
        try await ScratchDirectory.with { scratch in
            let name = "pr\u{f6}gram with blanks"
            try scratch.write(name, HostileElf.good.bytes, mode: 0o755)
            var command = Command("./" + name)
            command.directory = scratch.path
            try await Understudy.run(command).run().requireSame(as: command.run())
        }
    }
}
