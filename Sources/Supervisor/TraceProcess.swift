import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory
import Synchronization

/// The process that reads a guest's trace records and writes lines of them: this executable, with the same command line
/// behind `trace-reader`. It outlives the guest's process by as long as it takes to write what is left.
final class TraceProcess: Sendable {
    let area: TraceArea
    private let pid: Int32
    /// Its end tells the reader that there will be no more.
    let lifeDescriptor: Int32
    /// How the reader ended, as wait4(2) has it; nil while it reads.
    private let ended = Mutex<Int32?>(nil)
    private let endedWord = Atomic<UInt32>(0)

    private init(area: TraceArea, pid: Int32, lifeDescriptor: Int32) {
        self.area = area
        self.pid = pid
        self.lifeDescriptor = lifeDescriptor
    }

    /// Starts it; the file that lines go to is opened here, so that what is wrong with it is said before anything runs.
    static func start(_ setup: TraceSetup) throws(SupervisorError) -> TraceProcess {
        let area: TraceArea
        do {
            area = try TraceArea(setup.area)
        } catch {
            throw failure("no shared memory for its records: \(errorText(error.errno))")
        }
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) { ends in
            hostCall(__NR_pipe2, UInt64(address: ends.baseAddress), UInt64(O_CLOEXEC))
        }
        guard made == 0 else { throw failure("no pipe to its reader: \(errorText(Int32(-made)))") }
        defer { hostCall(__NR_close, UInt64(signed: ends.0)) }
        let output = try setup.file.map { file throws(SupervisorError) in try open(file) } ?? STDERR_FILENO
        defer { if output != STDERR_FILENO { hostCall(__NR_close, UInt64(signed: output)) } }
        let handed = [area.descriptor, area.wakeDescriptor, ends.0, output]
        let words =
            ["understudy", "trace-reader"] + handed.map(String.init) + ["--"] + CommandLine.arguments.dropFirst()
        let process = TraceProcess(area: area, pid: try spawn(words, handed), lifeDescriptor: ends.1)
        try HostThreads.start("trace") { process.watch() }
        return process
    }

    private static func open(_ file: TraceSetup.File) throws(SupervisorError) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (file.isAppended ? O_APPEND : O_TRUNC)
        while true {
            let opened = file.path.withCString { path in
                hostCall(__NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(UInt32(flags)), 0o666)
            }
            if opened >= 0 {
                hostCall(__NR_fcntl, UInt64(opened), UInt64(F_SETFL), UInt64(UInt32(flags & O_APPEND)))
                return Int32(opened)
            }
            // A FIFO that nobody reads yet.
            guard opened == -Int(ENXIO) else { throw failure("\(file.path): \(errorText(Int32(-opened)))") }
            endIfAsked()
            usleep(20_000)
        }
    }

    /// All signals are blocked by now, and nobody takes them before there is a guest.
    private static func endIfAsked() {
        var pending = sigset_t()
        sigpending(&pending)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where sigismember(&pending, signal) == 1 {
            ProcessEnd.die(by: signal)
        }
    }

    /// What is sent to the guest's whole group, by a terminal or by timeout(1), is not the reader's: it ends when the
    /// guest has, and everything is written.
    private static func spawn(_ words: [String], _ handed: [Int32]) throws(SupervisorError) -> Int32 {
        switch OwnExecutable.start("/proc/self/exe", words, handing: handed, signalMask: .max, isOwnSession: true) {
        case .success(let pid): return pid
        case .failure(let error): throw failure("its reader cannot be started: \(errorText(error.errno))")
        }
    }

    private static func failure(_ text: String) -> SupervisorError {
        SupervisorError(.failed, "trace: \(text)")
    }

    /// Waits for the reader's end, whenever that is: nobody waits for a reader that is gone.
    private func watch() {
        var status: Int32 = 0
        while true {
            let result = withUnsafeMutablePointer(to: &status) { status in
                hostWait(__NR_wait4, UInt64(signed: pid), UInt64(address: status), 0, 0)
            }
            if result != -Int(EINTR) { break }
        }
        area.setReaderGone()
        ended.withLock { $0 = status }
        endedWord.store(1, ordering: .releasing)
        HostFutex.wake(endedWord)
    }

    /// After the guest's end: waits until everything is written. What to say when something is missing; nil otherwise.
    func finish(_ end: GuestEnd) -> String? {
        area.writeEnd(end)
        hostCall(__NR_close, UInt64(signed: lifeDescriptor))
        while endedWord.load(ordering: .acquiring) == 0 { HostFutex.wait(endedWord, while: 0) }
        let status = ended.withLock { $0 } ?? 0
        // It has said itself what went wrong.
        if status & 0x7f == 0 { return status >> 8 == 0 ? nil : "trace: not all of it was written" }
        // Besides what it had read and not yet written.
        let missingCount = area.droppedCount + area.unreadCount
        return "trace: its reader was ended by signal \(status & 0x7f); \(missingCount) records are missing"
    }
}
