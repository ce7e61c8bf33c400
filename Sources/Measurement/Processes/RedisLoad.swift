/// Clients that set keys of a redis-server (`redis_load.c`), in a process of their own.
struct RedisLoad: Sendable {
    var clients: Int
    var pipeline: Int

    struct Figures: Sendable {
        var requestsPerSecond: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
        /// With those that do not count.
        var requests: Double
    }

    static let all = [1, 16].flatMap { pipeline in
        [1, 10, 50, 200].map { RedisLoad(clients: $0, pipeline: pipeline) }
    }

    var name: String {
        "\(clients) client\(clients == 1 ? "" : "s")" + (pipeline == 1 ? "" : ", pipeline \(pipeline)")
    }

    /// Begins; its end has to be waited for.
    func start(
        _ bench: Bench, port: UInt16, milliseconds: Int, waitsForReplica: Bool = false, processor: Int? = nil
    ) throws(MeasurementError) -> Run {
        let name = "load-\(MonotonicTime.nanoseconds)"
        var options = ChildProcess.Options()
        options.output = .file(bench.scratch.path("\(name).output"))
        options.error = .file(bench.scratch.path("\(name).error"))
        options.processor = processor
        var words = bench.guest("redis-load", "\(port)", "\(clients)", "\(pipeline)", "\(milliseconds)")
        if waitsForReplica { words.append("wait") }
        return Run(
            process: try ChildProcess(words, options), output: bench.scratch.path("\(name).output"),
            error: bench.scratch.path("\(name).error"), secondsMax: Double(milliseconds) / 1000 + 60)
    }

    struct Run {
        let process: ChildProcess
        fileprivate let output: String
        fileprivate let error: String
        fileprivate let secondsMax: Double

        /// Waits for its end.
        func figures() throws(MeasurementError) -> Figures {
            let end = try process.wait(secondsMax: secondsMax)
            let numbers = try HostFile.text(of: output).split { $0 == " " || $0 == "\n" }.compactMap { Double($0) }
            guard end.status == 0, numbers.count == 5 else {
                let said = (try? HostFile.text(of: error)) ?? ""
                throw MeasurementError("\(process.words.joined(separator: " ")): \(said.suffix(500))")
            }
            return Figures(
                requestsPerSecond: numbers[0], p50Microseconds: numbers[1], p99Microseconds: numbers[2],
                requests: numbers[4])
        }
    }
}
