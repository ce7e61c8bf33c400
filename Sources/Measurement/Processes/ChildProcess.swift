import Glibc

/// A process that a measurement starts, in a session of its own, and that never outlives it.
public final class ChildProcess {
    public enum Output {
        case null
        case file(String)
        /// The end of a pipe or the like, which the caller keeps.
        case descriptor(Int32)
    }

    public struct Options {
        public var input: Output = .null
        public var output: Output = .null
        public var error: Output = .null
        /// The processor that it and its children are to run on; nil for all.
        public var processor: Int?

        public init() {}
    }

    /// How it ended.
    public struct End: Sendable {
        /// nil where a signal ended it.
        public var status: Int32?
        /// Of it and the children that it waited for.
        public var processorSeconds: Double
        public var residentBytesPeak: UInt64
    }

    public let pid: Int32
    public let words: [String]
    private var end: End?

    /// POSIX_SPAWN_SETSID of spawn.h, which Swift does not see.
    private static let ownSession: Int32 = 0x80
    private static let pollMicroseconds: UInt32 = 200

    public init(_ words: [String], _ options: Options = Options()) throws(MeasurementError) {
        self.words = words
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        ChildProcess.add(options.input, as: 0, O_RDONLY, to: &actions)
        ChildProcess.add(options.output, as: 1, O_WRONLY | O_CREAT | O_TRUNC, to: &actions)
        ChildProcess.add(options.error, as: 2, O_WRONLY | O_CREAT | O_APPEND, to: &actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(ChildProcess.ownSession))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        pid = try Leftovers.add { () throws(MeasurementError) in
            var started: pid_t = 0
            let result = try ProcessorSet.with(options.processor) {
                posix_spawn(&started, words[0], &actions, &attributes, &arguments, environ)
            }
            guard result == 0 else { throw MeasurementError("\(words[0]) cannot be started: \(errorText(result))") }
            return started
        }
    }

    deinit { kill() }

    private static func add(
        _ output: Output, as descriptor: Int32, _ flags: Int32, to actions: inout posix_spawn_file_actions_t
    ) {
        switch output {
        case .null: posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        case .file(let path): posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0o666)
        case .descriptor(let from): posix_spawn_file_actions_adddup2(&actions, from, descriptor)
        }
    }

    // MARK: - Its end

    public var hasEnded: Bool { take(isBlocking: false) != nil }

    public func signal(_ number: Int32) {
        if !hasEnded { Glibc.kill(pid, number) }
    }

    /// Waits for its end; kills it and throws when that takes too long.
    @discardableResult
    public func wait(secondsMax: Double) throws(MeasurementError) -> End {
        let deadline = MonotonicTime.seconds + secondsMax
        while MonotonicTime.seconds < deadline {
            if let end = take(isBlocking: false) { return end }
            usleep(ChildProcess.pollMicroseconds)
        }
        kill()
        throw MeasurementError("\(words.joined(separator: " ")) has not ended within \(Int(secondsMax)) s")
    }

    /// Ends it, and whatever it started in its session's group.
    public func kill() {
        if end != nil { return }
        Glibc.kill(-pid, SIGKILL)
        Glibc.kill(pid, SIGKILL)
        _ = take(isBlocking: true)
    }

    private func take(isBlocking: Bool) -> End? {
        if let end { return end }
        var status: Int32 = 0
        var usage = rusage()
        while true {
            let result = wait4(pid, &status, isBlocking ? 0 : WNOHANG, &usage)
            if result == 0 { return nil }
            if result < 0, errno == EINTR { continue }
            break
        }
        Leftovers.remove(process: pid)
        end = End(
            status: status & 0x7f == 0 ? status >> 8 & 0xff : nil,
            processorSeconds: ChildProcess.seconds(usage.ru_utime) + ChildProcess.seconds(usage.ru_stime),
            residentBytesPeak: UInt64(usage.ru_maxrss) << 10)
        return end
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    // MARK: - Whole runs

    /// What it wrote to its standard output, which must be its all: with status 0, within the time.
    public static func output(of words: [String], processor: Int? = nil, secondsMax: Double)
        throws(MeasurementError) -> String
    {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var options = Options()
        options.output = .file(scratch.path("output"))
        options.error = .file(scratch.path("error"))
        options.processor = processor
        let end = try ChildProcess(words, options).wait(secondsMax: secondsMax)
        guard end.status == 0 else {
            let said = (try? HostFile.text(of: scratch.path("error"))) ?? ""
            throw MeasurementError(
                "\(words.joined(separator: " ")) ended with \(end.status.map { "status \($0)" } ?? "a signal"): "
                    + said.suffix(500))
        }
        return try HostFile.text(of: scratch.path("output"))
    }

    /// The wall seconds of one run, which must end with status 0.
    public static func seconds(of words: [String], processor: Int? = nil, secondsMax: Double = 300)
        throws(MeasurementError) -> Double
    {
        var options = Options()
        options.processor = processor
        let start = MonotonicTime.seconds
        let process = try ChildProcess(words, options)
        let end = try process.wait(secondsMax: secondsMax)
        let seconds = MonotonicTime.seconds - start
        guard end.status == 0 else {
            throw MeasurementError(
                "\(words.joined(separator: " ")) ended with \(end.status.map { "status \($0)" } ?? "a signal")")
        }
        return seconds
    }
}
