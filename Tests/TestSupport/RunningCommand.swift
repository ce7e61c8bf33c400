import Foundation
import Synchronization

/// A started command whose output is being collected.
public final class RunningCommand: Sendable {
    public let command: Command
    public let pid: pid_t
    let state: Mutex<State>

    /// What the collecting thread and the test share.
    struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        /// Bytes that standard input has not taken yet.
        var input: [UInt8] = []
        var inputIsOpen: Bool
        var ending: Ending?
        let started = ContinuousClock.now
        var ended: ContinuousClock.Instant?
        /// Why the process was killed by us.
        var failure: String?
        /// False once the process is reaped: its number may then be another's.
        var isSignallable = true
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Starts the command and a thread that feeds it and reads from it.
    public init(_ command: Command) throws {
        self.command = command
        let child = try ChildProcess(command)
        pid = child.pid
        var state = State(inputIsOpen: child.input >= 0)
        if case .bytes(let bytes) = command.input {
            state.input = bytes
            state.inputIsOpen = false
        }
        self.state = Mutex(state)
        Thread.detachNewThread { [self] in
            var pump = CommandPump(self, child)
            pump.run()
        }
    }

    /// Sends a signal to the process, not to its group. Does nothing once it has ended.
    public func send(signal: Int32) {
        state.withLock { state in
            if state.isSignallable { _ = Glibc.kill(pid, signal) }
        }
    }

    /// Writes to the standard input of a command that was started with ``Command/Input/held``.
    public func send(text: String) {
        state.withLock { $0.input += Array(text.utf8) }
    }

    /// Closes that standard input once all was taken.
    public func closeInput() {
        state.withLock { $0.inputIsOpen = false }
    }

    /// Kills the process group.
    public func kill() {
        state.withLock { state in
            if state.isSignallable { _ = Glibc.kill(-pid, SIGKILL) }
        }
    }

    /// What it has said so far on standard output.
    public var outputText: String { state.withLock { String(decoding: $0.output, as: UTF8.self) } }

    /// What it has said so far on standard error.
    public var errorText: String { state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    public var isRunning: Bool { state.withLock { $0.ending == nil } }

    /// Waits for the end; throws if the time was up first.
    @discardableResult
    public func waitForEnd() async throws -> CommandOutcome {
        await wait { $0.ending != nil }
        let outcome = try outcome()
        if let failure = state.withLock({ $0.failure }) { throw TestFailure(failure, outcome) }
        return outcome
    }

    /// Waits until standard output holds the text; throws if the command ends without it.
    public func waitForOutput(_ text: String) async throws {
        try await waitFor(text, in: \.output)
    }

    /// Waits until standard error holds the text; throws if the command ends without it.
    public func waitForErrors(_ text: String) async throws {
        try await waitFor(text, in: \.errors)
    }

    private func waitFor(_ text: String, in stream: KeyPath<State, [UInt8]> & Sendable) async throws {
        let wanted = Data(text.utf8)
        await wait { $0.ending != nil || Data($0[keyPath: stream]).range(of: wanted) != nil }
        let found = state.withLock { Data($0[keyPath: stream]).range(of: wanted) != nil }
        if found { return }
        throw TestFailure("ended without saying \"\(text)\"", try outcome())
    }

    private func wait(until condition: @Sendable (borrowing State) -> Bool) async {
        while true {
            var isReady = false
            await withCheckedContinuation { continuation in
                isReady = state.withLock { state in
                    if condition(state) { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
            if isReady { return }
        }
    }

    private func outcome() throws -> CommandOutcome {
        try state.withLock { state in
            guard let ending = state.ending else { throw TestFailure("still running: \(command.replayLine)") }
            let duration = state.started.duration(to: state.ended ?? .now)
            return CommandOutcome(
                command: command, ending: ending, output: state.output, errors: state.errors,
                wallSeconds: duration / .seconds(1))
        }
    }
}

extension Command {
    /// Runs it to its end.
    public func run() async throws -> CommandOutcome {
        try await RunningCommand(self).waitForEnd()
    }

    /// Runs `body` beside it, and kills what is left of it afterwards.
    public func running<Result>(_ body: (RunningCommand) async throws -> Result) async throws -> Result {
        let running = try RunningCommand(self)
        do {
            let result = try await body(running)
            running.kill()
            _ = try? await running.waitForEnd()
            return result
        } catch {
            running.kill()
            let said = (try? await running.waitForEnd()).map { "\n\($0)" } ?? ""
            throw TestFailure("\(error)\nbeside\(said)")
        }
    }
}
