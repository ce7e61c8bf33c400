import TestSupport
import Testing

/// Programs on a terminal. A native helper holds the other end, and types.
@Suite("on a terminal", .startsGuests)
struct TerminalTests {
    private static func onTerminal(_ command: Command) -> Command {
        var wrapped = Command("/usr/bin/python3", [ProgramFixture.scripts + "/on_terminal.py", command.program])
        wrapped.arguments += command.arguments
        return wrapped
    }

    @Test("a dialogue, with ^C, ^D, hidden input and a change of size", arguments: Dispatch.allCases)
    func dialogue(_ dispatch: Dispatch) async throws {
        let command = Command("/usr/bin/python3", [ProgramFixture.scripts + "/terminal_guest.py"])
        let native = try await Self.onTerminal(command).run()
        try #require(native.outputText.contains("status 5"), "\(native)")
        let guest = try await Self.onTerminal(Understudy.run(command, dispatch: dispatch)).run()
        try guest.requireSame(as: native)
        let seed = TestEnvironment.seed
        let stopped = Self.onTerminal(Understudy.run(command, dispatch: dispatch, testStops: seed))
        try await stopped.run().requireSame(as: native)
    }
}
