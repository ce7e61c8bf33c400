import Foundation
import TestSupport
import Testing

/// `run --mirror local`: one flag, and the terminal goes on seeing the guest's output.
@Suite("a mirror on the same machine", .startsGuests)
struct LocalMirrorTests {
    @Test("the primary killed: the same output goes on", arguments: Tracker.allCases, 1...3)
    func primaryKilled(_ tracker: Tracker, _ number: Int) async throws {
        let command = Command(try #require(Linkage.static.path(of: "hello"), "run make guests"), ["60"])
        let native = try await NativeRuns.shared.outcome(of: command)
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
        // The guest prints for four times as long as the latest kill takes: a loaded machine's late one still hits it.
        let delay = UInt64(generator.below(250_000)) * 1000
        let said = try await LocalMirror.with(command, ["--tracker", tracker.rawValue]) { local in
            try await Task.sleep(nanoseconds: delay)
            kill(local.primary, SIGKILL)
            return try await local.finish()
        }
        let problem = TakeoverOutput.problem(joined: said.output, expected: native.output)
        guard problem == nil, Understudy.trouble(in: said.errorText) == nil,
            said.errorText.contains(ReplicatedGuest.takeoverLine)
        else {
            throw TestFailure("\(problem ?? "no takeover"); killed after \(delay / 1000) us", said)
        }
    }

    @Test("output that is redirected to a file is there once, whenever the primary was killed", arguments: 1...6)
    func redirected(_ number: Int) async throws {
        let command = Command(try #require(Linkage.static.path(of: "hello"), "run make guests"), ["60"])
        let native = try await NativeRuns.shared.outcome(of: command)
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
        let delay = UInt64(generator.below(250_000)) * 1000
        try await ScratchDirectory.with { scratch in
            let path = scratch.path + "/output"
            let operation = number.isMultiple(of: 2) ? ">>" : ">"
            let said = try await LocalMirror.with(command, redirection: "\(operation)'\(path)'") { local in
                try await Task.sleep(nanoseconds: delay)
                kill(local.primary, SIGKILL)
                return try await local.finish()
            }
            let output = FileManager.default.contents(atPath: path).map { [UInt8]($0) }
            guard output == native.output, said.errorText.contains(ReplicatedGuest.takeoverLine) else {
                throw TestFailure("not once, or no takeover; killed after \(delay / 1000) us", said)
            }
        }
    }

    @Test("files in a volume: the mirror goes on with its own copy")
    func volume() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try ScratchDirectory(path: pair.volume).write("there", text: "before the guest\n")
            // One line each, in the file first.
            let script = """
                import sys
                import time
                file = open(sys.argv[1] + "/there", "a", buffering=1)
                for number in range(400):
                    print("line", number, file=file)
                    print("line", number, flush=True)
                    time.sleep(0.002)
                """
            let command = Command("/usr/bin/python3", ["-c", script, pair.volume])
            let words = ["--volume", pair.volume, "--volume-root", pair.root, "--durable"]
            let said = try await LocalMirror.with(command, words) { local in
                try await local.shell.waitForOutput("line 50\n")
                kill(local.primary, SIGKILL)
                return try await local.finish()
            }
            let lines = (0..<400).map { "line \($0)\n" }.joined()
            let problem = TakeoverOutput.problem(joined: said.output, expected: Array(lines.utf8))
            let copy = try ScratchDirectory(path: pair.mirrored).read("there")
            guard problem == nil, said.errorText.contains(ReplicatedGuest.takeoverLine),
                String(decoding: copy, as: UTF8.self) == "before the guest\n" + lines
            else { throw TestFailure("\(problem ?? "not the copy, or no takeover")", said) }
        }
    }

    @Test("the guest ends: the mirror ends too, and run as the guest does")
    func untouched() async throws {
        let command = Command(try #require(Linkage.static.path(of: "exit_code"), "run make guests"), ["42"])
        let native = try await NativeRuns.shared.outcome(of: command)
        let outcome = try await Understudy.run(command, options: ["--mirror", "local"]).run()
        try outcome.requireSame(as: native)
    }

    @Test("the mirror killed: the guest goes on without it")
    func mirrorKilled() async throws {
        let command = Command(try #require(Linkage.static.path(of: "hello"), "run make guests"), ["20"])
        let native = try await NativeRuns.shared.outcome(of: command)
        let said = try await LocalMirror.with(command) { local in
            try await Task.sleep(nanoseconds: 50_000_000)
            kill(local.mirror, SIGKILL)
            try await local.shell.waitForErrors("shell: primary ended by 0")
            return try await local.finish()
        }
        guard said.output == native.output, said.errorText.contains(ReplicatedGuest.unprotectedLine) else {
            throw TestFailure("not as natively, or it did not say that its mirror is gone", said)
        }
    }

    @Test("redis under load: nothing acknowledged is lost", arguments: 1...2)
    func redis(_ number: Int) async throws {
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            try await LocalMirror.with(ReplicatedRedis.command(port: port, in: scratch)) { local in
                try await local.shell.waitForOutput("Ready to accept connections")
                let load = AcknowledgedLoad(port: port)
                try await load.run {
                    try await load.waitForProgress(of: 50 * number)
                    kill(local.primary, SIGKILL)
                    try await local.shell.waitForErrors(ReplicatedGuest.takeoverLine)
                    try await load.waitForProgress(of: 20)
                }
                try await Threads.run { try load.requireEverything("redis, local mirror") }
                kill(local.mirror, SIGTERM)
                let said = try await local.finish()
                if let line = Understudy.trouble(in: said.errorText) { throw TestFailure("in trouble: \(line)", said) }
            }
        }
    }
}
