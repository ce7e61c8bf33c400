import Glibc
import Synchronization

/// What a measurement leaves behind when it is interrupted: processes, which lead sessions of their own that a
/// terminal's Ctrl-C does not reach, directories, and a line of a terminal.
public enum Leftovers {
    private struct State {
        var processes: Set<Int32> = []
        var directories: Set<String> = []
        /// On standard error stands a line that is still to be written over.
        var isLineOpen = false
    }

    private static let state = Mutex(State())
    /// From the signal handler, which may do little, to the thread that does the rest.
    private static let signals = makePipe()

    /// What ends a process from outside, and writing to a pipe that nobody reads any more.
    private static let interruptions = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE]

    /// From now on those signals end and remove all of it before they end this process. One that is ignored, as SIGHUP
    /// is under nohup, stays so.
    public static func removeWhenInterrupted() {
        guard signals.read >= 0 else { return }
        var thread = pthread_t()
        let problem = pthread_create(
            &thread, nil,
            { _ in
                Leftovers.waitForSignal()
                return nil
            }, nil)
        guard problem == 0 else { return }
        for number in interruptions where !isIgnored(number) {
            Glibc.signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = Glibc.write(Leftovers.signals.write, &byte, 1)
            }
        }
    }

    // MARK: - What there is

    /// Starts a process. Not while an interruption ends the others.
    static func add(_ start: () throws(MeasurementError) -> Int32) throws(MeasurementError) -> Int32 {
        try state.withLock { (state) throws(MeasurementError) in
            let pid = try start()
            state.processes.insert(pid)
            return pid
        }
    }

    static func remove(process pid: Int32) { state.withLock { _ = $0.processes.remove(pid) } }

    static func add(directory path: String) { state.withLock { _ = $0.directories.insert(path) } }
    static func remove(directory path: String) { state.withLock { _ = $0.directories.remove(path) } }

    /// Writes to standard error. `isLineOpen` says whether the terminal's line is then one to be written over.
    static func say(_ text: String, isLineOpen: Bool) {
        state.withLock { state in
            state.isLineOpen = isLineOpen
            write(text)
        }
    }

    // MARK: - Its end

    private static func waitForSignal() {
        var number: UInt8 = 0
        while read(signals.read, &number, 1) != 1 {}
        // Never unlocked: whatever the other threads would do next is not begun.
        state.withLock { state in
            for pid in state.processes {
                kill(-pid, SIGKILL)
                kill(pid, SIGKILL)
            }
            for pid in state.processes { waitpid(pid, nil, 0) }
            for path in state.directories { remove(tree: path) }
            if state.isLineOpen { write("\r\u{1b}[K") }
            Glibc.signal(Int32(number), SIG_DFL)
            kill(getpid(), Int32(number))
            while true { pause() }
        }
    }

    /// What was killed just now may still make a file in it.
    private static func remove(tree path: String) {
        for _ in 0..<100 {
            ScratchDirectory.removeTree(path)
            if access(path, F_OK) != 0 { return }
            usleep(10_000)
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func makePipe() -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return (-1, -1) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
