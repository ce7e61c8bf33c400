import Foundation
import TestSupport
import Testing

/// A guest that never has to wait, as something is always ready: its output is not held until it does, nor for as long
/// as `--max-hold` allows.
@Suite("a guest that always has something to do", .startsGuests)
struct EarlyCutTests {
    /// Waits for the first lines that it is told, as what it writes by then is no small epoch, and from then on polls
    /// what is ready.
    private static let echo = """
        import os, select
        poll = select.poll()
        poll.register(0, select.POLLIN)
        print("ready", flush=True)
        count = 0
        while True:
            for descriptor, _ in poll.poll():
                if descriptor != 0:
                    continue
                line = os.read(0, 100)
                if not line:
                    raise SystemExit
                os.write(1, b"told " + line)
                count += 1
                if count == 5:
                    poll.register(os.eventfd(1), select.POLLIN)
        """

    @Test("is heard at once", arguments: Tracker.allCases)
    func answers(_ tracker: Tracker) async throws {
        var guest = Understudy.run(
            Command("/usr/bin/python3", ["-c", Self.echo]),
            options: ["--mirror", "local", "--tracker", tracker.rawValue, "--epoch", "60s", "--max-hold", "60s"])
        guest.input = .held
        try await guest.running { guest in
            try await guest.waitForOutput("ready\n")
            for number in 1...50 {
                guest.send(text: "\(number)\n")
                try await guest.waitForOutput("told \(number)\n")
            }
            guest.closeInput()
            let ended = try await guest.waitForEnd()
            let told = (1...50).map { "told \($0)\n" }.joined()
            #expect(ended.ending == .exited(0) && ended.outputText == "ready\n" + told, "\(ended)")
        }
    }

    private static let count = """
        import os, select, time
        poll = select.poll()
        poll.register(os.eventfd(1), select.POLLIN)
        for number in range(1000):
            os.write(1, b"line %d\\n" % number)
            if number % 50 == 0:
                time.sleep(0.001)
            end = time.monotonic() + 0.0003
            while time.monotonic() < end:
                poll.poll()
        """

    @Test("goes on from there in the mirror", arguments: Tracker.allCases, 1...3)
    func primaryKilled(_ tracker: Tracker, _ number: Int) async throws {
        let command = Command("/usr/bin/python3", ["-c", Self.count])
        let native = try await NativeRuns.shared.outcome(of: command)
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
        let delay = UInt64(generator.below(250_000)) * 1000
        let said = try await LocalMirror.with(command, ["--tracker", tracker.rawValue]) { local in
            try await Task.sleep(nanoseconds: delay)
            kill(local.primary, SIGKILL)
            return try await local.finish()
        }
        let problem = TakeoverOutput.problem(joined: said.output, expected: native.output)
        guard problem == nil, Understudy.trouble(in: said.errorText) == nil else {
            throw TestFailure("\(problem ?? "no takeover"); killed after \(delay / 1000) us", said)
        }
    }
}
