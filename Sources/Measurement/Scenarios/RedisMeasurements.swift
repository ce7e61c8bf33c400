import Supervisor

/// What came out of all turns of redis-server, as tables, plots, and beside the goals.
struct RedisMeasurements {
    private struct Load {
        var requestsPerSecond = Samples()
        var p50Microseconds = Samples()
        var p99Microseconds = Samples()
    }

    /// Of the replicated one, for one load.
    private struct Epochs {
        var perSecond = Samples()
        var byNeedPercent = Samples()
        var pages = Samples()
        var requests = Samples()
        var bytesPerRequest = Samples()
    }

    private let loads: [RedisLoad]
    private var measured: [RedisWay: [Load]]
    private var epochs: [Epochs]
    private var reports: [ReplicationFigures] = []

    init(loads: [RedisLoad]) {
        self.loads = loads
        epochs = loads.map { _ in Epochs() }
        let nothing = loads.map { _ in Load() }
        measured = Dictionary(uniqueKeysWithValues: RedisWay.allCases.map { ($0, nothing) })
    }

    mutating func add(_ figures: RedisLoad.Figures, _ way: RedisWay, load: Int) {
        measured[way]?[load].requestsPerSecond.add(figures.requestsPerSecond)
        measured[way]?[load].p50Microseconds.add(figures.p50Microseconds)
        measured[way]?[load].p99Microseconds.add(figures.p99Microseconds)
    }

    mutating func add(_ pipeline: RedisPipeline, _ figures: RedisLoad.Figures, load: Int) {
        guard pipeline.epochs > 0 else { return }
        epochs[load].perSecond.add(pipeline.epochs / pipeline.seconds)
        epochs[load].byNeedPercent.add(100 * pipeline.epochsByNeed / pipeline.epochs)
        epochs[load].pages.add(pipeline.pages / pipeline.epochs)
        epochs[load].requests.add(figures.requests / pipeline.epochs)
        epochs[load].bytesPerRequest.add(pipeline.linkBytes / figures.requests)
    }

    mutating func add(_ report: ReplicationFigures) { reports.append(report) }

    // MARK: - Tables

    func tables(_ place: Bench.Place, rounds: Int) -> [ResultTable] {
        let suffix = place.rawValue + (rounds == 1 ? "" : ", median of \(rounds) rounds")
        return [
            table("requests a second, \(suffix) (times native)", unit: "1/s", \.requestsPerSecond),
            table("median latency of a request, \(suffix) (times native)", unit: "µs", \.p50Microseconds),
            table("99th percentile of a request's latency, \(suffix) (times native)", unit: "µs", \.p99Microseconds),
            epochTable("the replicated server's epochs, \(suffix)"),
            pauseTable("all epochs of the replicated server, over all loads, \(suffix)"),
        ]
    }

    private func table(_ title: String, unit: String, _ figure: KeyPath<Load, Samples>) -> ResultTable {
        var table = ResultTable(
            title, rows: "load", columns: RedisWay.allCases.map { ResultTable.Column($0.name, unit: unit) })
        for (index, load) in loads.enumerated() {
            let native = median(.native, index, figure)
            table.add(
                load.name,
                RedisWay.allCases.map { way in
                    let samples = measured[way]?[index][keyPath: figure] ?? Samples()
                    return .measured(samples, ratio: way == .native ? nil : samples.median / native)
                })
        }
        return table
    }

    private func epochTable(_ title: String) -> ResultTable {
        var table = ResultTable(
            title, rows: "load",
            columns: [
                .init("epochs", unit: "1/s"), .init("cut by need", unit: "%"), .init("pages an epoch"),
                .init("requests an epoch"), .init("link a request", unit: "bytes"),
            ])
        for (load, epochs) in zip(loads, epochs) {
            table.add(
                load.name,
                [epochs.perSecond, epochs.byNeedPercent, epochs.pages, epochs.requests, epochs.bytesPerRequest].map {
                    .measured($0)
                })
        }
        return table
    }

    private func pauseTable(_ title: String) -> ResultTable {
        var table = ResultTable(title, rows: "", columns: [.init("p50"), .init("p99"), .init("max")])
        let rows: [(String, KeyPath<ReplicationFigures, Quantiles>)] = [
            ("pause, µs", \.pauseMicroseconds), ("dirty pages", \.dirtyPages),
            ("stop to commit, µs", \.commitMicroseconds),
        ]
        for (name, path) in rows {
            let quantiles = reports.map { $0[keyPath: path] }
            table.add(
                name,
                [\Quantiles.p50, \.p99, \.max].map { one in
                    .measured(Samples(quantiles.map { $0[keyPath: one] }))
                })
        }
        return table
    }

    // MARK: - Plots

    func plots(_ place: Bench.Place) -> [Plot] {
        [
            plot("requests a second, \(place.rawValue)", "requests/s", \.requestsPerSecond),
            plot("median latency of a request, \(place.rawValue)", "µs", \.p50Microseconds),
        ]
    }

    private func plot(_ title: String, _ unit: String, _ figure: KeyPath<Load, Samples>) -> Plot {
        Plot(
            title, horizontal: .init("load"), vertical: .init(unit, isLogarithmic: true),
            series: RedisWay.allCases.map { way in
                Plot.Series(
                    way.name, loads.indices.map { Plot.Point(Double($0), median(way, $0, figure)) })
            },
            categories: loads.map { $0.pipeline == 1 ? "\($0.clients)" : "\($0.clients) × \($0.pipeline)" })
    }

    private func median(_ way: RedisWay, _ load: Int, _ figure: KeyPath<Load, Samples>) -> Double {
        measured[way]?[load][keyPath: figure].median ?? .nan
    }

    // MARK: - Goals

    func reaches() -> [Reach] {
        var reaches: [Reach] = []
        for (index, load) in loads.enumerated() {
            let rate = shareOfNative(index)
            let latency = median(.replicated, index, \.p50Microseconds)
            switch (load.clients, load.pipeline) {
            case (1, 1):
                let peer = median(.replica, index, \.p50Microseconds)
                reaches.append(
                    Reach(
                        "redis, 1 client, replicated, p50", goal: "2 × native with WAIT 1",
                        found: ratioText(latency, peer), isReached: latency <= 2 * peer))
            case (50, 1):
                reaches.append(throughput("redis, 50 clients, replicated", rate, percent: 60))
                let native = median(.native, index, \.p50Microseconds)
                reaches.append(
                    Reach(
                        "redis, 50 clients, replicated, p50", goal: "2.5 × native", found: ratioText(latency, native),
                        isReached: latency <= 2.5 * native))
            case (200, 16):
                reaches.append(throughput("redis, 200 clients, pipeline 16, replicated", rate, percent: 50))
            default: break
            }
        }
        return reaches
    }

    private func shareOfNative(_ load: Int) -> Double {
        median(.replicated, load, \.requestsPerSecond) / median(.native, load, \.requestsPerSecond)
    }

    private func throughput(_ what: String, _ share: Double, percent: Double) -> Reach {
        Reach(
            what, goal: "\(Figure.text(percent)) % of native's throughput", found: "\(Figure.text(100 * share)) %",
            isReached: 100 * share >= percent)
    }

    private func ratioText(_ found: Double, _ other: Double) -> String {
        "\(Figure.fixed(found / other, digits: 2)) ×: \(Figure.text(found)) µs beside \(Figure.text(other))"
    }
}
