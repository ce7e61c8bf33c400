import Glibc

/// A guest whose pages are recorded. It does steps; each ends with an output, so that it is an epoch.
protocol RecordedGuest: AnyObject {
    func step(_ number: Int) throws(MeasurementError)

    /// Has it end by itself, so that the recording has an end.
    func end() throws(MeasurementError)
}

/// A program that reads a line for each step, and says `done` when it has done it.
final class SteppedProgram: RecordedGuest {
    private let process: ChildProcess
    private let channel: LineChannel

    static let secondsMax = 120.0

    /// It says `ready` first.
    init(_ words: [String], errors: String) throws(MeasurementError) {
        let (channel, other) = try LineChannel.pair()
        defer { close(other) }
        var options = ChildProcess.Options()
        options.input = .descriptor(other)
        options.output = .descriptor(other)
        options.error = .file(errors)
        self.channel = channel
        process = try ChildProcess(words, options)
        try expect("ready")
    }

    func step(_ number: Int) throws(MeasurementError) {
        try channel.send(Array("\(number)\n".utf8))
        try expect("done")
    }

    func end() throws(MeasurementError) {
        channel.endInput()
        let end = try process.wait(secondsMax: SteppedProgram.secondsMax)
        guard end.status == 0 else { throw failure("did not end with status 0") }
    }

    private func expect(_ word: String) throws(MeasurementError) {
        let said = try channel.line(secondsMax: SteppedProgram.secondsMax)
        guard said == word else { throw failure("said \(said) instead of \(word)") }
    }

    private func failure(_ what: String) -> MeasurementError {
        MeasurementError("\(process.words.joined(separator: " ").prefix(200)) \(what)")
    }
}

/// A redis-server that is sent SETs: those of a step in one piece.
final class SteppedRedis: RecordedGuest {
    private let process: ChildProcess
    private let channel: LineChannel
    private let commands: (Int) -> [(key: String, value: [UInt8])]

    private static let secondsMax = 60.0

    /// `prefix` is what stands before the words of redis-server, whose path is the first.
    init(
        _ words: (_ server: [String]) -> [String], redis: String, directory: String,
        _ commands: @escaping (Int) -> [(key: String, value: [UInt8])]
    ) throws(MeasurementError) {
        self.commands = commands
        let port = try Loopback.freePort()
        let server = RedisServer.words(redis, port: port, directory: directory)
        var options = ChildProcess.Options()
        options.error = .file("\(directory)/errors")
        process = try ChildProcess(words(server), options)
        channel = try SteppedRedis.connect(port, process)
    }

    func step(_ number: Int) throws(MeasurementError) {
        let commands = commands(number)
        var bytes: [UInt8] = []
        for (key, value) in commands {
            bytes += Array("*3\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(value.count)\r\n".utf8)
            bytes += value
            bytes += Array("\r\n".utf8)
        }
        try channel.send(bytes)
        for _ in commands { try SteppedRedis.expect("+OK", channel) }
    }

    func end() throws(MeasurementError) {
        process.signal(SIGTERM)
        let end = try process.wait(secondsMax: SteppedRedis.secondsMax)
        guard end.status == 0 else { throw MeasurementError("redis-server did not end with status 0") }
    }

    /// Once it serves.
    private static func connect(_ port: UInt16, _ process: ChildProcess) throws(MeasurementError) -> LineChannel {
        let deadline = MonotonicTime.seconds + secondsMax
        while MonotonicTime.seconds < deadline, !process.hasEnded {
            if let channel = try LineChannel.connected(toPort: port) {
                try channel.send(Array("PING\r\n".utf8))
                try expect("+PONG", channel)
                return channel
            }
            usleep(20_000)
        }
        throw MeasurementError("\(process.words.joined(separator: " ")) does not serve")
    }

    private static func expect(_ reply: String, _ channel: LineChannel) throws(MeasurementError) {
        let said = try channel.line(secondsMax: secondsMax)
        guard said == reply else { throw MeasurementError("redis-server answers \(said.prefix(200))") }
    }
}
