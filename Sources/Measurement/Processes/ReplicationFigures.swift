import FoundationEssentials
import Supervisor

/// What `run --report` says of replication: the part that is measured.
struct ReplicationFigures: Decodable {
    struct Stages: Decodable {
        var stop: Quantiles
        var scan: Quantiles
        var copy: Quantiles
        var record: Quantiles
    }

    private struct Report: Decodable {
        var replication: ReplicationFigures?
    }

    var epochs: UInt64
    var epochsByNeed: UInt64
    var pages: UInt64
    var bytes: UInt64
    var pauseMicroseconds: Quantiles
    var pauseStages: Stages
    var preCopiedPages: UInt64
    var dirtyPages: Quantiles
    var commitMicroseconds: Quantiles
    /// Why the guest went on without its mirror.
    var unprotected: String?

    /// Of a guest that was replicated to its end.
    init(report path: String) throws(MeasurementError) {
        let text = try HostFile.bytes(of: path)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let report = try? decoder.decode(Report.self, from: Data(text)), let figures = report.replication else {
            throw MeasurementError("\(path) is no report of a replicated guest")
        }
        if let reason = figures.unprotected { throw MeasurementError("the guest lost its mirror: \(reason)") }
        self = figures
    }
}
