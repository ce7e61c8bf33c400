import Glibc
import Synchronization

/// Says on standard error what is running and how long it will take: one line that is written again and again on a
/// terminal, a line for each scenario elsewhere.
public final class Progress: Sendable {
    private let isQuiet: Bool
    private let isTerminal: Bool
    /// The scenarios' thread changes it, a thread that lets the seconds pass reads it.
    private let state: Mutex<ProgressState>

    private static let secondsBetween = 0.1

    /// Silent for `isQuiet`.
    public init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = Terminal.columns(of: 2) != nil
        state = Mutex(ProgressState())
        if isTerminal, !isQuiet { drawEachSecond() }
    }

    public func expect(_ name: String, seconds: Double) {
        state.withLock { $0.expect(name, seconds: seconds) }
    }

    /// The next of the expected ones begins.
    public func beginNext() {
        state.withLock { state in
            state.beginNext(now: MonotonicTime.seconds)
            if !isTerminal, !isQuiet { Leftovers.say("understudy: \(state.beginning)\n", isLineOpen: false) }
            draw(&state, isForced: true)
        }
    }

    public func endCurrent() {
        state.withLock { state in
            state.endCurrent(now: MonotonicTime.seconds)
            if isTerminal, !isQuiet { Leftovers.say("\r\u{1b}[K", isLineOpen: false) }
        }
    }

    /// What is being measured now.
    public func show(_ step: String) {
        state.withLock { state in
            state.step = step
            draw(&state, isForced: false)
        }
    }

    /// So much of the scenario is done beyond what was.
    public func advance(_ share: Double) {
        state.withLock { state in
            state.advance(share, now: MonotonicTime.seconds)
            draw(&state, isForced: false)
        }
    }

    private func draw(_ state: inout ProgressState, isForced: Bool) {
        guard isTerminal, !isQuiet, state.isRunning, let columns = Terminal.columns(of: 2) else { return }
        let now = MonotonicTime.seconds
        guard isForced || now - state.lastShown >= Progress.secondsBetween else { return }
        state.lastShown = now
        Leftovers.say("\r\(state.line(columns: columns, now: now))\u{1b}[K", isLineOpen: true)
    }

    /// A step may take long; the time that is left goes down all the same.
    private func drawEachSecond() {
        var thread = pthread_t()
        // For the rest of the process.
        let own = Unmanaged.passRetained(self)
        let problem = pthread_create(
            &thread, nil,
            { own in
                guard let own else { return nil }
                let progress = Unmanaged<Progress>.fromOpaque(own).takeUnretainedValue()
                while true {
                    sleep(1)
                    progress.state.withLock { progress.draw(&$0, isForced: false) }
                }
            }, own.toOpaque())
        if problem != 0 { own.release() }
    }
}
