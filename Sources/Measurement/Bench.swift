import Glibc

/// What scenarios share: what is run, how much, and where one has got to.
public final class Bench {
    public let plan: BenchPlan
    public let progress: Progress
    /// The executable that is measured: this one.
    public let understudy: String
    public let scratch: ScratchDirectory

    public init(_ plan: BenchPlan, _ progress: Progress) throws(MeasurementError) {
        self.plan = plan
        self.progress = progress
        guard let path = Bench.executable else {
            throw MeasurementError("/proc/self/exe cannot be read: \(errorText(errno))")
        }
        understudy = path
        scratch = try ScratchDirectory()
    }

    // MARK: - Command lines

    /// A guest of our own: natively.
    public func guest(_ words: String...) -> [String] { [understudy, MeasurementGuest.commandName] + words }

    /// As a guest, with these options of `run`.
    public func run(_ options: [String], _ guest: [String]) -> [String] {
        [understudy, "run"] + options + ["--"] + guest
    }

    // MARK: - In turns

    /// Measures each way once a round, so that what the machine does meanwhile falls on all alike. `share` is how much
    /// of the scenario this is.
    public func inTurns<Way>(
        _ ways: [Way], rounds: Int, share: Double, name: (Way) -> String,
        _ measure: (Way) throws(MeasurementError) -> Double
    ) throws(MeasurementError) -> [Samples] {
        var samples = ways.map { _ in Samples() }
        try forEachInTurns(Array(ways.enumerated()), rounds: rounds, share: share) {
            name($0.element)
        } _: { (turn) throws(MeasurementError) in
            samples[turn.offset].add(try measure(turn.element))
        }
        return samples
    }

    /// The same for what comes to more than a number.
    public func forEachInTurns<Way>(
        _ ways: [Way], rounds: Int, share: Double, name: (Way) -> String,
        _ measure: (Way) throws(MeasurementError) -> Void
    ) throws(MeasurementError) {
        for round in 1...rounds {
            for way in ways {
                progress.show("\(name(way)), round \(round) of \(rounds)")
                try measure(way)
                progress.advance(share / Double(rounds * ways.count))
            }
        }
    }

    /// Where a measurement runs.
    public enum Place: String, CaseIterable, Sendable {
        case pinned = "on one core"
        case free = "free"

        public var processor: Int? { self == .pinned ? ProcessorSet.first : nil }
    }
}

extension Bench {
    /// The path of what runs here; nil where /proc does not say.
    private static var executable: String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &path, Int(PATH_MAX))
        return count > 0 ? String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// What `--dispatch` takes here: each is tried.
    static let dispatches = ["inclusive", "selector", "seccomp"].filter { name in
        guard let executable else { return false }
        let words = [executable, "run", "--dispatch", name, "--", "/bin/true"]
        return (try? ChildProcess.seconds(of: words, secondsMax: 20)) != nil
    }

    /// The number that a guest has printed, alone on the last line.
    static func number(in output: String, of words: [String]) throws(MeasurementError) -> Double {
        guard let line = output.split(separator: "\n").last, let number = Double(line) else {
            throw MeasurementError("\(words.joined(separator: " ")) printed no number: \(output.suffix(200))")
        }
        return number
    }
}
