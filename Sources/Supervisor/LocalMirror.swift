import CGuestEntry
import Glibc
import GuestMemory

/// The mirror that `run --mirror local` starts: this executable, with the guest's standard input, output and error, so
/// that the terminal goes on seeing the guest's output after a takeover.
struct LocalMirror: Sendable {
    let pid: Int32
    /// `HOST:PORT`, as the mirror announced it.
    let endpoint: String

    /// It reserves addresses and starts a few threads: milliseconds, seconds on a machine that is very busy.
    private static let patienceMilliseconds: Int32 = 10_000

    /// Starts it and waits until it can be reached. The descriptors that the guest is to have are still open.
    static func start(_ request: RunRequest, _ replication: ReplicationRequest, _ start: StartState)
        throws(SupervisorError) -> LocalMirror
    {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) { ends in
            hostCall(__NR_pipe2, UInt64(address: ends.baseAddress), UInt64(O_CLOEXEC))
        }
        guard made == 0 else { throw failure("no pipe to it: \(errorText(Int32(-made)))") }
        defer { hostCall(__NR_close, UInt64(signed: ends.0)) }
        let words = commandLine(request, replication, announceDescriptor: ends.1)
        let spawned = OwnExecutable.start(
            executablePath(), words, handing: [ends.1], signalMask: start.signalMask)
        hostCall(__NR_close, UInt64(signed: ends.1))
        switch spawned {
        case .failure(let error): throw failure("it cannot be started: \(errorText(error.errno))")
        case .success(let pid): return LocalMirror(pid: pid, endpoint: try announcement(from: ends.0))
        }
    }

    private static func commandLine(
        _ request: RunRequest, _ replication: ReplicationRequest, announceDescriptor: Int32
    ) -> [String] {
        var words = [
            CommandLine.arguments.first ?? "understudy", "mirror", "--listen", "127.0.0.1:0",
            "--announce-descriptor", "\(announceDescriptor)", "--log-format", request.messages.format.rawValue,
        ]
        if let dispatch = request.dispatch { words += ["--dispatch", dispatch.name] }
        if let report = request.reportFile { words += ["--report", report] }
        if let timeout = replication.peers.failureTimeoutNanoseconds {
            words += ["--failure-timeout", "\(timeout)ns"]
        } else {
            words += ["--failure-timeout", "off"]
        }
        if let root = replication.localVolumeRoot { words += ["--volume-root", root] }
        if replication.peers.isTreatedAsRemote { words.append("--test-as-remote") }
        return words
    }

    private static func executablePath() -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &path, Int(PATH_MAX))
        guard count > 0 else { return "/proc/self/exe" }
        return String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// One line: `HOST:PORT`. Nothing when the mirror has ended, after a message of its own.
    private static func announcement(from descriptor: Int32) throws(SupervisorError) -> String {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = poll(&entry, 1, patienceMilliseconds)
            if ready < 0, errno == EINTR { continue }
            if ready == 0 { throw failure("it has not said in time where it listens") }
            break
        }
        var line = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &line, line.count)
        guard count > 1, line[count - 1] == UInt8(ascii: "\n") else { throw failure("it ended before it could listen") }
        return String(decoding: line.prefix(count - 1), as: UTF8.self)
    }

    private static func failure(_ text: String) -> SupervisorError {
        SupervisorError(.failed, "--mirror local: \(text)")
    }
}
