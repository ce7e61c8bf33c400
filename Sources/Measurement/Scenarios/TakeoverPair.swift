import Glibc

/// A replicated redis-server and its mirror: on this machine, or with the mirror as if on another.
final class TakeoverPair {
    static let failureTimeoutMilliseconds = 100.0

    private let event: TakeoverEvent
    private let contents: RedisContents
    private let machine: OtherMachine?
    private let server: RedisServer

    private static let takeoverLine = "understudy: took over at epoch "
    private static let unprotectedLine = "understudy: going on unprotected: "
    private static let timeout = ["--failure-timeout", "\(Int(failureTimeoutMilliseconds))ms"]
    private static let patienceSeconds = 60.0
    private static let partingSeconds = 5.0

    init(_ event: TakeoverEvent, _ contents: RedisContents, _ bench: Bench) throws(MeasurementError) {
        self.event = event
        self.contents = contents
        let port = try Loopback.freePort()
        machine = event == .linkDropped ? try OtherMachine(bench, port: port, mirror: TakeoverPair.timeout) : nil
        var options = event.isNoticedByTimeout ? TakeoverPair.timeout : []
        if let machine {
            options += ["--mirror", "127.0.0.1:\(machine.linkPort)", "--test-as-remote"]
        } else {
            options += ["--mirror", "local"]
        }
        server = try RedisServer(bench, prefix: bench.run(options, []), options: RedisContents.options, port: port)
    }

    /// Fills it; the bytes that redis says it uses, or nil where the two have parted meanwhile.
    func prepare() throws(MeasurementError) -> Double? {
        let usedBytes: Double
        do throws(MeasurementError) {
            try server.waitUntilProtected()
            usedBytes = try contents.fill(server)
        } catch {
            // A mirror that fences a primary says that it goes on some time after that one is gone.
            let deadline = MonotonicTime.seconds + TakeoverPair.partingSeconds
            while MonotonicTime.seconds < deadline {
                if hasParted { return nil }
                usleep(10_000)
            }
            throw error
        }
        return hasParted ? nil : usedBytes
    }

    private var hasParted: Bool {
        ([server.messages] + (machine.map { [$0.messages] } ?? [])).contains { messages in
            messages.rest(ofLine: TakeoverPair.takeoverLine) != nil
                || messages.rest(ofLine: TakeoverPair.unprotectedLine) != nil
        }
    }

    /// Has it happen; the seconds to the first right answer. Nothing may be missing then.
    func strike() throws(MeasurementError) -> Double {
        let start = MonotonicTime.seconds
        switch event {
        case .killed: server.process.signal(SIGKILL)
        case .stopped: server.process.signal(SIGSTOP)
        case .linkDropped: machine?.dropLink()
        }
        let port = machine?.servicePort ?? server.port
        let seconds = try firstAnswer(port, since: start) - start
        try (machine?.messages ?? server.messages).waitForLine(TakeoverPair.takeoverLine, of: nil)
        do throws(RespConnection.Failure) {
            try contents.check(try RespConnection(port: port))
        } catch {
            throw server.failure("after the takeover: \(error.text)")
        }
        return seconds
    }

    /// Asks on fresh connections until one answers twice: the first could be the dying server's last.
    private func firstAnswer(_ port: UInt16, since start: Double) throws(MeasurementError) -> Double {
        var reason = ""
        while MonotonicTime.seconds < start + TakeoverPair.patienceSeconds {
            do throws(RespConnection.Failure) {
                let connection = try RespConnection(port: port)
                try contents.checkProbe(connection)
                let when = MonotonicTime.seconds
                try contents.checkProbe(connection)
                return when
            } catch {
                guard case .broken(let text) = error else { throw server.failure(error.text) }
                reason = text
            }
            // On one machine connections wait for the mirror to accept them; elsewhere each try is refused.
            usleep(machine == nil ? 100 : 1000)
        }
        throw server.failure("no answer within \(Int(TakeoverPair.patienceSeconds)) s: \(reason)")
    }

    func kill() {
        server.kill()
        machine?.kill()
    }
}
