import Foundation
import TestSupport
import Testing

/// Signals from outside go to the guest.
@Suite("signals from outside", .startsGuests)
struct SignalTests {
    /// Says which signals it gets; SIGTERM ends it with status 7.
    static let countingGuest = """
        import os, signal, sys
        def handler(number, frame):
            os.write(1, signal.Signals(number).name.encode() + b"\\n")
            if number == signal.SIGTERM: os._exit(7)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH,
                       signal.SIGCONT, signal.SIGALRM, signal.SIGSEGV, signal.SIGTERM):
            signal.signal(number, handler)
        os.write(1, b"ready\\n")
        while True: signal.pause()
        """

    @Test("are handled by the guest's handlers", arguments: Dispatch.allCases)
    func handled(_ dispatch: Dispatch) async throws {
        let command = Command("/usr/bin/python3", ["-c", Self.countingGuest])
        try await Understudy.run(command, dispatch: dispatch).running { guest in
            try await guest.waitForOutput("ready\n")
            let signals: [(Int32, String)] = [
                (SIGHUP, "SIGHUP"), (SIGINT, "SIGINT"), (SIGQUIT, "SIGQUIT"), (SIGUSR1, "SIGUSR1"),
                (SIGUSR2, "SIGUSR2"),
                (SIGWINCH, "SIGWINCH"), (SIGCONT, "SIGCONT"), (SIGALRM, "SIGALRM"), (SIGSEGV, "SIGSEGV"),
            ]
            for (signal, name) in signals {
                guest.send(signal: signal)
                try await guest.waitForOutput(name + "\n")
            }
            guest.send(signal: SIGTERM)
            let outcome = try await guest.waitForEnd()
            try #require(outcome.ending == .exited(7), "\(outcome)")
        }
    }

    @Test(
        "end a guest that does not handle them, and run with it",
        arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGKILL])
    func fatal(_ signal: Int32) async throws {
        for program in [["/bin/cat"], ["/usr/bin/perl", "-e", "$| = 1; print qq(busy\\n); 1 while 1"]] {
            var command = Command(program[0], Array(program.dropFirst()))
            command.input = .held
            try await Understudy.run(command).running { guest in
                if program.count > 1 {
                    try await guest.waitForOutput("busy")
                } else {
                    guest.send(text: "through\n")
                    try await guest.waitForOutput("through")
                }
                guest.send(signal: signal)
                let outcome = try await guest.waitForEnd()
                try #require(outcome.ending == .signalled(signal), "\(outcome)")
            }
        }
    }

    @Test("the third SIGINT ends Understudy itself, whatever the guest makes of it")
    func thirdInterrupt() async throws {
        let stubborn = """
            import os, signal
            signal.signal(signal.SIGINT, lambda number, frame: os.write(1, b"interrupt\\n"))
            os.write(1, b"ready\\n")
            while True: signal.pause()
            """
        try await Understudy.run(Command("/usr/bin/python3", ["-c", stubborn])).running { guest in
            try await guest.waitForOutput("ready\n")
            guest.send(signal: SIGINT)
            try await guest.waitForOutput("interrupt\n")
            guest.send(signal: SIGINT)
            try await guest.waitForOutput("interrupt\ninterrupt\n")
            guest.send(signal: SIGINT)
            let outcome = try await guest.waitForEnd()
            try #require(outcome.ending == .signalled(SIGINT), "\(outcome)")
            try #require(outcome.supervisorLines.contains { $0.contains("third interrupt") }, "\(outcome)")
        }
    }

    @Test("an ignored signal stays ignored")
    func ignored() async throws {
        let show = "import signal; print([s.name for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN])"
        for setup in ["trap '' TERM HUP", "trap '' PIPE", "true"] {
            let command = Command("/usr/bin/python3", ["-c", show])
            let native = try await command.after(shell: setup).run()
            try await Understudy.run(command).after(shell: setup).run().requireSame(as: native)
        }
    }
}
