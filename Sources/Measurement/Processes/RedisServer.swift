import FoundationEssentials
import Glibc
import Supervisor

/// A redis-server that keeps nothing on disk: natively, or as a guest.
final class RedisServer {
    let port: UInt16
    let process: ChildProcess
    /// What whoever runs it says on standard error: Understudy, that is.
    let messages: MessageFile
    private let log: String
    private let understudy: String
    private var hasEndedWell = false

    private static let patienceSeconds = 60.0
    private static let pollMicroseconds: UInt32 = 1000
    private static let linesShown = 4
    private static let charactersShown = 160

    /// Options of `run --mirror` where no takeover is wanted, not even on a machine that has much to do.
    static let patientMirror = ["--mirror", "local", "--failure-timeout", "10s"]

    /// Where it is; nil if it is not installed.
    static var program: String? { HostPrograms.path(of: "redis-server") }

    /// One on this machine that keeps nothing on disk.
    static func words(_ program: String, port: UInt16, directory: String) -> [String] {
        [
            program, "--bind", "127.0.0.1", "--port", "\(port)", "--dir", directory, "--save", "", "--appendonly", "no",
        ]
    }

    /// - Parameters:
    ///   - prefix: what stands before its own words.
    ///   - options: of its own.
    ///   - port: any free one for nil.
    init(
        _ bench: Bench, prefix: [String] = [], options: [String] = [], port: UInt16? = nil, processor: Int? = nil
    ) throws(MeasurementError) {
        guard let program = RedisServer.program else { throw MeasurementError("redis-server is not installed") }
        understudy = bench.understudy
        if let port { self.port = port } else { self.port = try Loopback.freePort() }
        let name = "redis-\(MonotonicTime.nanoseconds)"
        log = bench.scratch.path("\(name).log")
        messages = MessageFile(bench.scratch.path("\(name).messages"))
        var spawning = ChildProcess.Options()
        spawning.output = .file(log)
        spawning.error = .file(messages.path)
        spawning.processor = processor
        let own = RedisServer.words(program, port: self.port, directory: bench.scratch.path)
        process = try ChildProcess(prefix + own + options, spawning)
    }

    // MARK: - Its beginning

    func waitUntilServing() throws(MeasurementError) {
        let deadline = MonotonicTime.seconds + RedisServer.patienceSeconds
        while MonotonicTime.seconds < deadline, !process.hasEnded {
            if let connection = try? RespConnection(port: port),
                (try? connection.ask(["PING"])) == .text("PONG")
            {
                return
            }
            usleep(RedisServer.pollMicroseconds)
        }
        throw failure("does not answer on port \(port)")
    }

    /// Waits until its mirror has its first epoch, and it serves. For `run --mirror`.
    func waitUntilProtected() throws(MeasurementError) {
        try messages.waitForLine("understudy: protected by ", of: process)
        try waitUntilServing()
    }

    /// Waits until a replica of its own has all that it has.
    func waitForReplica() throws(MeasurementError) {
        let deadline = MonotonicTime.seconds + RedisServer.patienceSeconds
        while MonotonicTime.seconds < deadline {
            // One that counts as online may answer a WAIT only with its next word, which comes once a second.
            if try information("replication").contains("state=online"), try hasReplicaAnswered() { return }
            usleep(RedisServer.pollMicroseconds)
        }
        throw failure("got no replica")
    }

    private func hasReplicaAnswered() throws(MeasurementError) -> Bool {
        do throws(RespConnection.Failure) {
            let connection = try RespConnection(port: port)
            _ = try connection.ask(["SET", "probe", "replica"])
            return try connection.ask(["WAIT", "1", "5000"]) == .number(1)
        } catch {
            throw failure("WAIT: \(error.text)")
        }
    }

    // MARK: - Using it

    func ask(_ words: [String]) throws(MeasurementError) -> RespConnection.Reply {
        do throws(RespConnection.Failure) {
            return try RespConnection(port: port).ask(words)
        } catch {
            throw failure("\(words[0]): \(error.text)")
        }
    }

    /// A section of INFO.
    func information(_ section: String) throws(MeasurementError) -> String {
        guard case .bytes(let bytes) = try ask(["INFO", section]) else { throw failure("INFO answers something else") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The process that `run --mirror local` has started.
    func mirrorPid() throws(MeasurementError) -> Int32 {
        guard let pid = messages.rest(ofLine: "understudy: mirror is process ").flatMap({ Int32($0) }) else {
            throw failure("has no mirror")
        }
        return pid
    }

    /// What its pipeline does at the moment.
    func pipeline() throws(MeasurementError) -> PipelineStatus {
        let words = [understudy, "ctl", "--pid", "\(process.pid)", "status", "--json"]
        let text = try ChildProcess.output(of: words, secondsMax: 30)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let status = try? decoder.decode(PipelineStatus.self, from: Data(text.utf8)) else {
            throw failure("has a status that makes no sense: \(text.prefix(200))")
        }
        return status
    }

    // MARK: - Its end

    /// Ends it as an administrator does, where it was started.
    func end() throws(MeasurementError) {
        process.signal(SIGTERM)
        let end = try process.wait(secondsMax: RedisServer.patienceSeconds)
        guard end.status == 0 else {
            throw failure("ended with \(end.status.map { "status \($0)" } ?? "a signal")")
        }
        hasEndedWell = true
    }

    /// Ends it at once, and a mirror that was started with it, whichever of them has it now; nothing after `end`.
    func kill() {
        if hasEndedWell { return }
        process.kill()
        // A mirror that has taken over is still of its group, whether or not the primary's end was taken note of.
        Glibc.kill(-process.pid, SIGKILL)
    }

    func failure(_ what: String) -> MeasurementError {
        let said = [log, messages.path].flatMap { path in
            ((try? HostFile.text(of: path)) ?? "").split(separator: "\n").suffix(RedisServer.linesShown).map {
                $0.prefix(RedisServer.charactersShown)
            }
        }
        return MeasurementError(
            "\(process.words.joined(separator: " ")): \(what); last said: \(said.joined(separator: " | "))")
    }
}
