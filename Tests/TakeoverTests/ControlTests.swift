import Foundation
import TestSupport
import Testing

/// `understudy ctl`, from outside.
@Suite("ctl", .startsGuests)
struct ControlTests {
    /// Writes to a page a hundred times a second, until its input ends.
    private static let guest = """
        import select
        import sys
        page = bytearray(4096)
        print("ready", flush=True)
        count = 0
        while not select.select([sys.stdin], [], [], 0.01)[0]:
            count += 1
            page[count % 4096] = count % 256
        print("done", flush=True)
        """

    /// Asks for the status without our client, and prints the answer.
    private static let asking = """
        import socket
        import sys
        control = socket.socket(socket.AF_UNIX)
        control.connect(sys.argv[1])
        try:
            control.sendall(b"status\\n")
            print(control.recv(1000))
        except (BrokenPipeError, ConnectionResetError):
            print(b"")
        """

    private static func ctl(_ pid: pid_t, _ words: String...) async throws -> CommandOutcome {
        try await Control.run(pid, words)
    }

    private static func number(_ status: [String: Any], _ group: String, _ name: String) throws -> Double {
        try #require((status[group] as? [String: Any])?[name] as? Double, "no \(group).\(name)")
    }

    /// A guest under `options`, with its socket below a directory of the test's own.
    private static func running<Result>(
        _ scratch: ScratchDirectory, _ options: [String], _ body: (RunningCommand, String) async throws -> Result
    ) async throws -> Result {
        var guest = Understudy.run(Command("/usr/bin/python3", ["-c", guest]), options: options)
        guest.input = .held
        guest.environment.append("XDG_RUNTIME_DIR=\(scratch.path)")
        return try await guest.running { run in
            try await run.waitForOutput("ready\n")
            return try await body(run, scratch.path + "/understudy-\(geteuid())/\(run.pid).sock")
        }
    }

    private static func finish(_ run: RunningCommand) async throws {
        run.closeInput()
        let outcome = try await run.waitForEnd()
        #expect(outcome.ending == .exited(0) && outcome.outputText == "ready\ndone\n", "\(outcome)")
    }

    @Test("the interval is changed while the guest runs, and it shows", arguments: [["--blackhole"], []])
    func epoch(_ options: [String]) async throws {
        var command = Command("/usr/bin/python3", ["-c", Self.guest])
        command.input = .held
        var replication = ReplicationOptions()
        replication.epoch = "10s"
        let body: @Sendable (RunningCommand) async throws -> Void = { run in
            let before = try await Control.status(of: run.pid)
            #expect(try Self.number(before, "interval", "milliseconds") == 10_000)
            #expect(try Self.number(before, "epochs", "committed") < 20)
            #expect(try await Self.ctl(run.pid, "epoch", "2ms").ending == .exited(0))
            let deadline = Date(timeIntervalSinceNow: 60)
            while try Self.number(try await Control.status(of: run.pid), "epochs", "committed") < 100 {
                if Date() > deadline { throw TestFailure("still slow: \(try await Control.status(of: run.pid))") }
                try await Task.sleep(nanoseconds: 20_000_000)
            }
            #expect(try Self.number(try await Control.status(of: run.pid), "interval", "milliseconds") == 2)
            #expect(try await Self.ctl(run.pid, "epoch", "auto").ending == .exited(0))
            let automatic = try await Control.status(of: run.pid)
            #expect((automatic["interval"] as? [String: Any])?["is_auto"] as? Bool == true)
            try await Self.finish(run)
        }
        if options.isEmpty {
            try await ReplicatedGuest.with(command, replication) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("ready\n")
                let status = try await Control.status(of: guest.primary.pid)
                #expect(status["mirror"] as? String == guest.address && status["role"] as? String == "primary")
                #expect(status["state"] as? String == "protected")
                try await body(guest.primary)
            }
        } else {
            var guest = Understudy.run(command, options: options + ["--epoch", "10s"])
            guest.input = .held
            try await guest.running { run in
                try await run.waitForOutput("ready\n")
                try await body(run)
            }
        }
    }

    @Test("without a mirror there are no epochs to set")
    func afterwards() async throws {
        var command = Command("/usr/bin/python3", ["-c", Self.guest])
        command.input = .held
        try await ReplicatedGuest.with(command) { guest in
            try await guest.waitUntilProtected()
            try await guest.primary.waitForOutput("ready\n")
            guest.mirror.send(signal: SIGKILL)
            try await guest.waitUntilUnprotected()
            let pid = guest.primary.pid
            #expect(try await Control.status(of: pid)["state"] as? String == "unprotected")
            Self.requireRefusal(try await Self.ctl(pid, "epoch", "1s"), 125, "the guest goes on without a mirror")
            try await Self.finish(guest.primary)
        }
    }

    @Test("`--mirror local`")
    func local() async throws {
        try await LocalMirror.with(Command("/bin/sleep", ["60"])) { local in
            #expect(try await Self.ctl(local.primary, "epoch", "100ms").ending == .exited(0))
            let status = try await Control.status(of: local.primary)
            #expect(try Self.number(status, "interval", "milliseconds") == 100)
            #expect(status["activity"] as? String == "keeping up")
            #expect(try Self.number(status, "epochs", "in_flight") <= 2)
            kill(local.primary, SIGKILL)
            try await local.shell.waitForErrors(ReplicatedGuest.takeoverLine)
            Self.requireRefusal(try await Self.ctl(local.mirror, "status"), 125, "process \(local.mirror) is a mirror")
        }
    }

    @Test("the status for people has a line for each stage")
    func people() async throws {
        try await ScratchDirectory.with { scratch in
            var command = Understudy.command("ctl", "--pid", "0", "status")
            command.environment.append("XDG_RUNTIME_DIR=\(scratch.path)")
            try await Self.running(scratch, ["--blackhole"]) { run, _ in
                command.arguments[2] = Array("\(run.pid)".utf8)
                let outcome = try await command.run()
                let names = outcome.outputText.split(separator: "\n").map { $0.prefix { $0 != " " } }
                let stages = ["process", "mirror", "epochs", "interval", "queue", "pace", "held", "link", "pages"]
                #expect(outcome.ending == .exited(0) && names.starts(with: stages.map { $0[...] }), "\(outcome)")
                try await Self.finish(run)
            }
        }
    }

    @Test("the socket is the owner's alone, and goes with the process")
    func place() async throws {
        try await ScratchDirectory.with { scratch in
            try await Self.running(scratch, ["--blackhole"]) { run, path in
                var status = stat()
                #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
                #expect(stat(scratch.path + "/understudy-\(geteuid())", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o700)
                try await Self.finish(run)
                #expect(lstat(path, &status) != 0)
            }
        }
    }

    @Test("killed: its socket is left behind, does no harm, and is cleared away by the next")
    func stale() async throws {
        try await ScratchDirectory.with { scratch in
            let left = try await Self.running(scratch, ["--blackhole"]) { run, path in
                run.send(signal: SIGKILL)
                _ = try await run.waitForEnd()
                return path
            }
            #expect(FileManager.default.fileExists(atPath: left))
            try await Self.running(scratch, ["--blackhole"]) { run, path in
                #expect(FileManager.default.fileExists(atPath: path))
                #expect(!FileManager.default.fileExists(atPath: left))
                try await Self.finish(run)
            }
        }
    }

    @Test("whatever is said to it, the guest goes on, and the next one is answered")
    func garbage() async throws {
        try await ScratchDirectory.with { scratch in
            try await Self.running(scratch, ["--blackhole"]) { run, path in
                var generator = SeededGenerator(seed: TestEnvironment.seed)
                let noise = (0..<100_000).map { _ in UInt8(generator.below(256)) }
                let said: [[UInt8]] = [
                    [], [0], Array("status".utf8), Array("\n".utf8), Array("epoch\n".utf8), Array("epoch 0\n".utf8),
                    Array("epoch 99999999999999999999\n".utf8), Array("epoch 5ms\n".utf8), Array("stop\n".utf8), noise,
                    [UInt8](repeating: 10, count: 10_000), [UInt8](repeating: 120, count: 255) + [10],
                    [0xff, 0xfe, 10],
                ]
                for bytes in said {
                    let answer = try Self.ask(path, bytes)
                    #expect(answer.isEmpty || answer.hasPrefix("error: "), "\(bytes.prefix(20)): \(answer)")
                }
                #expect(try Self.ask(path, Array("status\n".utf8)).contains("\"schema\""))
                // Some who say nothing at all, and go.
                let silent = try (0..<4).map { _ in try Self.connect(path) }
                for socket in silent { close(socket) }
                #expect(try Self.ask(path, Array("epoch 5000000\n".utf8)) == "epoch 5000000 ns\n")
                try await Self.finish(run)
            }
        }
    }

    private static func connect(_ path: String) throws -> Int32 {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw TestFailure("cannot connect to \(path): errno \(errno)") }
        return number
    }

    /// Sends these bytes, ends that side, and reads until the other is ended.
    private static func ask(_ path: String, _ bytes: [UInt8]) throws -> String {
        let socket = try connect(path)
        defer { close(socket) }
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(socket, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { return String(decoding: answer, as: UTF8.self) }
            answer += chunk.prefix(count)
        }
    }

    @Test(
        "wrong words: 64",
        arguments: [
            ["ctl"], ["ctl", "status"], ["ctl", "--pid", "x", "status"], ["ctl", "--pid", "-5", "status"],
            ["ctl", "--pid", "0", "status"], ["ctl", "--pid", "1"], ["ctl", "--pid", "1", "stats"],
            ["ctl", "--pid", "1", "epoch"], ["ctl", "--pid", "1", "epoch", "5"], ["ctl", "--pid", "1", "epoch", "0ms"],
            ["ctl", "--pid", "1", "epoch", "25h"], ["ctl", "--pid", "1", "status", "now"],
            ["ctl", "--pid", "1", "epoch", "5ms", "6ms"],
        ])
    func usage(_ words: [String]) async throws {
        Self.requireRefusal(try await Command(TestEnvironment.understudy, words).run(), 64, "ctl")
    }

    @Test("a process that is not there, is none of ours, or another user's: 125")
    func refusals() async throws {
        let gone = try await Command("/bin/true").running { run in
            _ = try await run.waitForEnd()
            return run.pid
        }
        Self.requireRefusal(try await Self.ctl(gone, "status"), 125, "there is no process \(gone)")
        let own = try await Self.ctl(getpid(), "status")
        Self.requireRefusal(own, 125, "process \(getpid()) is no understudy")
        try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(try FreePort.any())") { mirror in
            Self.requireRefusal(try await Self.ctl(mirror.pid, "status"), 125, "process \(mirror.pid) is a mirror")
        }
        if geteuid() != 0 { return }
        try await ScratchDirectory.with { scratch in
            try await Self.running(scratch, ["--blackhole"]) { run, path in
                var command = Understudy.command("ctl", "--pid", "\(run.pid)", "epoch", "5ms")
                let asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", command.program]
                command.arguments = asNobody.map { Array($0.utf8) } + command.arguments
                command.program = "/usr/bin/setpriv"
                let outcome = try await command.run()
                Self.requireRefusal(outcome, 125, "process \(run.pid) belongs to another user")
                // Nor where the files let somebody in by mistake: the process asks the kernel who it is.
                let directory = scratch.path + "/understudy-0"
                #expect(chmod(scratch.path, 0o755) == 0 && chmod(directory, 0o755) == 0 && chmod(path, 0o666) == 0)
                command.arguments = (asNobody.dropLast() + ["/usr/bin/python3", "-c", Self.asking, path]).map {
                    Array($0.utf8)
                }
                #expect(try await command.run().outputText == "b''\n")
                #expect(chmod(directory, 0o700) == 0)
                try await Self.finish(run)
            }
        }
    }

    private static func requireRefusal(_ outcome: CommandOutcome, _ status: Int32, _ words: String) {
        let isRefused = outcome.ending == .exited(status) && outcome.output == [] && outcome.errorText.contains(words)
        #expect(isRefused && Understudy.trouble(in: outcome.errorText) == nil, "\(outcome)")
    }
}
