import Foundation

/// The thread beside a running command: moves bytes, notices its end, keeps the time.
struct CommandPump: Sendable {
    private let running: RunningCommand
    private let pid: pid_t
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private let deadline: UInt64
    /// When to stop reading although somebody keeps a pipe open: set when the process has ended.
    private var drainDeadline: UInt64?

    private static let outputBytesMax = 256 << 20
    private static let nanosecondsPerSecond: UInt64 = 1_000_000_000

    init(_ running: RunningCommand, _ child: ChildProcess) {
        self.running = running
        pid = child.pid
        input = child.input
        output = child.output
        errors = child.errors
        deadline = CommandPump.now() + UInt64(running.command.timeoutSeconds * 1e9)
    }

    mutating func run() {
        while true {
            feed()
            let fromOutput = collect(output, \.output, running.command.output)
            if fromOutput == .ended { CommandPump.shut(&output) }
            let fromErrors = collect(errors, \.errors, running.command.errors)
            if fromErrors == .ended { CommandPump.shut(&errors) }
            let didChange = fromOutput != .nothing || fromErrors != .nothing
            if didChange { wakeWaiters() }
            let hasEnded = CommandPump.hasEnded(pid)
            if hasEnded {
                if drainDeadline == nil { drainDeadline = CommandPump.now() + 2 * CommandPump.nanosecondsPerSecond }
                let isDrained = output < 0 && errors < 0
                if isDrained || CommandPump.now() > drainDeadline ?? 0 { break }
            } else if CommandPump.now() > deadline {
                fail("not ended after \(running.command.timeoutSeconds) s; killed")
            }
            waitForSomething(hasEnded: hasEnded)
        }
        finish()
    }

    private mutating func feed() {
        guard input >= 0 else { return }
        let (bytes, isOpen) = running.state.withLock { ($0.input, $0.inputIsOpen) }
        if bytes.isEmpty {
            if !isOpen { CommandPump.shut(&input) }
            return
        }
        let count = write(input, bytes, min(bytes.count, 65536))
        if count > 0 {
            running.state.withLock { $0.input.removeFirst(count) }
        } else if errno != EAGAIN, errno != EINTR {
            // Nobody reads any more: as in a shell's pipeline.
            CommandPump.shut(&input)
        }
    }

    private enum Progress {
        case nothing
        case some
        /// End of file, or as much as we wanted.
        case ended
    }

    private func collect(
        _ descriptor: Int32, _ stream: WritableKeyPath<RunningCommand.State, [UInt8]> & Sendable, _ kind: Command.Output
    ) -> Progress {
        guard descriptor >= 0 else { return .nothing }
        var buffer = [UInt8](repeating: 0, count: 65536)
        var progress = Progress.nothing
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return progress }
            guard count > 0 else { return .ended }
            let size = running.state.withLock { state in
                state[keyPath: stream] += buffer[..<count]
                return state[keyPath: stream].count
            }
            progress = .some
            if case .brokenAfter(let limit) = kind, size >= limit { return .ended }
            if size > CommandPump.outputBytesMax {
                fail("more than \(CommandPump.outputBytesMax) bytes of output; killed")
                return .ended
            }
        }
    }

    private func waitForSomething(hasEnded: Bool) {
        var waits: [pollfd] = []
        for descriptor in [output, errors] where descriptor >= 0 {
            waits.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        let hasInput = running.state.withLock { !$0.input.isEmpty }
        if input >= 0, hasInput { waits.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
        // The end itself is looked for, not waited for: soon once the pipes are closed, seldom before.
        let milliseconds: Int32 = output < 0 && errors < 0 ? 1 : 10
        _ = poll(&waits, nfds_t(waits.count), hasEnded ? 1 : milliseconds)
    }

    private func wakeWaiters() {
        let waiters = running.state.withLock { state in
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func fail(_ why: String) {
        let seen = CommandPump.threadStates(pid)
        let isFirst = running.state.withLock { state in
            if state.failure != nil { return false }
            state.failure = "\(why)\n\(seen)"
            return true
        }
        if isFirst { running.kill() }
    }

    private mutating func finish() {
        // The group's number is ours for as long as its leader is not reaped.
        running.state.withLock { state in
            state.isSignallable = false
            _ = kill(-pid, SIGKILL)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
        let signal = status & 0x7f
        let ending = signal == 0 ? Ending.exited((status >> 8) & 0xff) : .signalled(signal)
        running.state.withLock { state in
            state.ended = .now
            state.ending = ending
        }
        wakeWaiters()
    }

    private static func shut(_ descriptor: inout Int32) {
        close(descriptor)
        descriptor = -1
    }

    private static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

    private static func hasEnded(_ pid: pid_t) -> Bool {
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return result == 0 && information.si_signo != 0
    }

    /// What each thread of a process that hangs is doing: name, state, where it waits in the kernel, registers.
    private static func threadStates(_ pid: pid_t) -> String {
        let directory = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        func contents(_ thread: String, _ file: String) -> String {
            let data = FileManager.default.contents(atPath: "\(directory)/\(thread)/\(file)") ?? Data()
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let lines = threads.prefix(40).map { thread in
            let state = contents(thread, "stat").split(separator: ")").last?.prefix(2) ?? ""
            return "thread \(thread) \(contents(thread, "comm"))\(state) wchan \(contents(thread, "wchan")) "
                + "syscall \(contents(thread, "syscall"))"
        }
        return lines.joined(separator: "\n")
    }
}
