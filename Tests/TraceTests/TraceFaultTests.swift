import Foundation
import TestSupport
import Testing

/// Mistakes of the user's, and what goes wrong while a guest is traced: the guest never suffers, and nothing is lost in
/// silence.
@Suite("traces under faults", .startsGuests)
struct TraceFaultTests {
    private static let python = "/usr/bin/python3"

    private func trace(_ options: [String], _ program: String, _ arguments: [String] = []) -> Command {
        TraceTool.understudy.command([program] + arguments, options: options)
    }

    @Test(
        "bad usage is one line and exit status 64",
        arguments: [
            (["--no-such-option"], "--no-such-option"), (["-e", "trace=opan"], "open"),
            (["-e", "trace=%fiel"], "%file"),
            (["-e", "inject=opan:error=EIO"], "open"), (["-e", "inject=read:error=ENOSUCH"], "ENOSUCH"),
            (["-e", "inject=read"], "inject"), (["-e", "inject=read:error=EIO:when=0"], "when"),
            (["-e", "signal=SIGNONE"], "SIGNONE"), (["-e", "status=fine"], "fine"), (["-S", "size"], "size"),
            (["-s", "many"], "many"), (["-a", "-1"], "number"), (["-c", "-C"], "-C"), (["-z", "-Z"], "-Z"),
            (["-o", ""], "file"), (["-U", "names"], "names"), ([], "PROGRAM"),
        ])
    func usage(_ options: [String], _ word: String) async throws {
        let words = options.isEmpty ? [] : ["/bin/echo", "ran"]
        let outcome = try await Command(TestEnvironment.understudy, ["trace"] + options + words).run()
        try outcome.requireSaid(status: 64, output: "", word)
    }

    @Test("a file that cannot be written to is said before anything runs")
    func unwritable() async throws {
        for path in ["/no/such/directory/trace", "/tmp"] {
            let outcome = try await trace(["-o", path], "/bin/echo", ["ran"]).run()
            try outcome.requireSaid(status: 125, output: "", path)
        }
    }

    @Test("no permission for the trace's file")
    func permission() async throws {
        try #require(getuid() == 0, "this test drops privileges: it needs root")
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("trace", text: "kept", mode: 0o600)
            let traced = trace(["-o", path], "/bin/echo", ["ran"])
            var command = Command("/usr/bin/setpriv", ["--reuid=65534", "--clear-groups", "--", traced.program])
            command.arguments += traced.arguments
            try await command.run().requireSaid(status: 125, output: "", path)
            try #require(try scratch.read("trace") == Array("kept".utf8))
        }
    }

    /// Makes some ten thousand calls.
    private static let manyCalls = ["-c", "import os\nfor n in range(10000): os.lseek(0, n, 1)\nprint('done')"]

    @Test("a full disk: the guest goes on, and the loss is counted", arguments: ["/dev/full", "small"])
    func fullDisk(_ place: String) async throws {
        var command: Command
        if place == "/dev/full" {
            command = trace(["-o", place], TraceFaultTests.python, TraceFaultTests.manyCalls)
        } else {
            try #require(getuid() == 0, "this test mounts a small file system: it needs root")
            let traced = trace(["-o", "/mnt/trace"], TraceFaultTests.python, TraceFaultTests.manyCalls)
            let setup = "mount -t tmpfs -o size=64k none /mnt && exec \"$0\" \"$@\""
            command = Command("/usr/bin/unshare", ["-m", "/bin/sh", "-c", setup, traced.program])
            command.arguments += traced.arguments
        }
        let outcome = try await command.run()
        try outcome.requireSaid(status: 125, output: "done\n", "No space left on device")
        try outcome.requireCount(before: "lines could not be written", in: 5000...20000)
    }

    @Test("a reader of the trace that is gone", arguments: ["|true", "!exit 3", "|no-such-command", "stderr"])
    func goneReader(_ output: String) async throws {
        var command = trace(
            output == "stderr" ? [] : ["-o", output], TraceFaultTests.python, TraceFaultTests.manyCalls)
        if output == "stderr" { command.errors = .brokenAfter(100) }
        let outcome = try await command.run()
        guard outcome.status == 125, outcome.outputText == "done\n" else { throw TestFailure("not 125", outcome) }
        // Where standard error is what has gone, nobody is left to tell.
        if output == "stderr" { return }
        try outcome.requireSaid(status: 125, output: "done\n", "Broken pipe")
        try outcome.requireCount(before: "lines could not be written", in: 5000...20000)
    }

    @Test("a slow reader: the guest waits, and nothing is lost")
    func slowReader() async throws {
        try await ScratchDirectory.with { scratch in
            let options = ["--buffer", "64K", "-e", "trace=lseek", "-o", "|sleep 1; cat >\(scratch.file("trace"))"]
            let outcome = try await trace(options, TraceFaultTests.python, TraceFaultTests.manyCalls).run()
            try outcome.requireSaid(status: 0, output: "done\n")
            let lines = try await scratch.waitForTrace("trace", end: "+++ exited with 0 +++")
            try #require(lines.filter { $0.contains(" lseek(0, ") }.count >= 10_000)
        }
    }

    @Test("a slow reader with --drop: what is lost is counted")
    func droppedRecords() async throws {
        try await ScratchDirectory.with { scratch in
            let options = ["--drop", "--buffer", "64K", "-o", "|sleep 1; cat >\(scratch.file("trace"))"]
            let outcome = try await trace(options, TraceFaultTests.python, TraceFaultTests.manyCalls).run()
            try outcome.requireSaid(status: 0, output: "done\n", "dropped")
            let dropped = try outcome.requireCount(before: "records were dropped", in: 1...40_000)
            let lines = try await scratch.waitForTrace("trace", end: "records dropped ---")
            let shown = lines.filter { $0.contains(" lseek(0, ") }.count
            // A call is two records.
            guard lines.last?.contains(" \(dropped) records") == true, (10_000 - dropped..<10_000).contains(shown)
            else {
                throw TestFailure("\(shown) calls are shown", outcome)
            }
        }
    }

    /// Counts its calls in a file, each as soon as it has returned.
    private static let countingCalls = """
        import mmap, os, struct
        count = os.open('count', os.O_RDWR | os.O_CREAT)
        os.ftruncate(count, 4096)
        memory = mmap.mmap(count, 4096)
        number = 0
        print('started', flush=True)
        while True:
            number += 1
            os.lseek(count, number, 0)
            memory[0:8] = struct.pack('Q', number)
        """

    @Test("a guest killed in a burst of calls: every call that had returned is in the trace", arguments: 1...4)
    func killedGuest(_ round: Int) async throws {
        try await ScratchDirectory.with { scratch in
            let options = ["-e", "trace=lseek", "-o", scratch.file("trace")]
            var command = trace(options, TraceFaultTests.python, ["-c", TraceFaultTests.countingCalls])
            command.directory = scratch.path
            let outcome = try await command.running { guest in
                try await guest.waitForOutput("started")
                try await Task.sleep(for: .milliseconds(30 * round))
                guest.send(signal: SIGKILL)
                return try await guest.waitForEnd()
            }
            try #require(outcome.ending == .signalled(SIGKILL), "\(outcome)")
            let lines = try await scratch.waitForTrace("trace", end: "+++ killed by SIGKILL +++")
            let counted = try scratch.read("count").prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let shown = lines.filter { $0.contains(" lseek(") && $0.contains("SEEK_SET)") && $0.contains(" = ") }
            let last = try #require(shown.last { !$0.contains("= ?") })
            try #require(last.contains(", \(counted), ") || last.contains(", \(counted + 1), "), "\(counted): \(last)")
            try #require(shown.filter { $0.contains("lseek(3, ") }.count >= counted)
        }
    }

    @Test("the process that reads the trace killed: the guest goes on")
    func killedReader() async throws {
        try await ScratchDirectory.with { scratch in
            let sleeps =
                "import time\nprint('started', flush=True)\nfor n in range(30): time.sleep(0.01)\nprint('done')"
            let command = trace(["-o", scratch.file("trace")], TraceFaultTests.python, ["-c", sleeps])
            let outcome = try await command.running { guest in
                try await guest.waitForOutput("started")
                let readers = TraceFaultTests.children(of: guest.pid)
                try #require(readers.count == 1)
                kill(readers[0], SIGKILL)
                return try await guest.waitForEnd()
            }
            try outcome.requireSaid(status: 125, output: "started\ndone\n", "signal 9")
            try outcome.requireCount(before: "records are missing", in: 20...10_000)
        }
    }

    private static func children(of pid: pid_t) -> [pid_t] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return threads.flatMap { thread -> [pid_t] in
            let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/children", encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { pid_t($0) }
        }
    }

    @Test("a thousand threads")
    func manyThreads() async throws {
        let script = """
            import _thread, threading
            threading.stack_size(65536)
            gate, left = threading.Lock(), threading.Semaphore(0)
            def wait():
                with gate: left.release()
            gate.acquire()
            for number in range(1000): _thread.start_new_thread(wait, ())
            gate.release()
            for number in range(1000): left.acquire()
            print('done')
            """
        try await ScratchDirectory.with { scratch in
            let options = ["-e", "trace=clone,clone3", "-o", scratch.file("trace")]
            let outcome = try await trace(options, TraceFaultTests.python, ["-c", script]).run()
            try outcome.requireSaid(status: 0, output: "done\n")
            let lines = try await scratch.waitForTrace("trace", end: "+++ exited with 0 +++")
            try #require(lines.filter { $0.contains(" clone3(") }.count == 1000)
            try #require(lines.filter { $0.hasSuffix("+++ exited with 0 +++") }.count == 1001)
        }
    }

    @Test("signals at full rate: each is in the trace")
    func manySignals() async throws {
        let script = """
            import os, signal
            got = 0
            def count(number, frame):
                global got
                got += 1
            signal.signal(signal.SIGUSR1, count)
            signal.signal(signal.SIGALRM, lambda number, frame: None)
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            for number in range(3000): os.kill(os.getpid(), signal.SIGUSR1)
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(got)
            """
        try await ScratchDirectory.with { scratch in
            let options = ["-o", scratch.file("trace")]
            let outcome = try await trace(options, TraceFaultTests.python, ["-c", script]).run()
            try outcome.requireSaid(status: 0, output: "3000\n")
            let lines = try await scratch.waitForTrace("trace", end: "+++ exited with 0 +++")
            func count(_ text: String) -> Int { lines.filter { $0.contains(text) }.count }
            let (counted, alarms, returns) = (count(" --- SIGUSR1 {"), count(" --- SIGALRM {"), count(" rt_sigreturn("))
            guard counted == 3000, alarms > 0, returns == counted + alarms else {
                throw TestFailure("\(counted) signals and \(alarms) alarms are shown, \(returns) returns", outcome)
            }
            _ = try TraceNormaliser.threads(of: lines.joined(separator: "\n"))
        }
    }
}
