/// Looks at a redis-server, and at its mirror where there is one.
struct FootprintProbe {
    /// Counters at one moment.
    struct Moment {
        var seconds: Double
        var processorSeconds: Double
        var mirrorProcessorSeconds = 0.0
        var linkBytes = 0.0
    }

    private let server: RedisServer
    private let mirrorPid: Int32?

    init(_ server: RedisServer, isReplicated: Bool) throws(MeasurementError) {
        self.server = server
        mirrorPid = isReplicated ? try server.mirrorPid() : nil
    }

    func moment() throws(MeasurementError) -> Moment {
        var moment = Moment(
            seconds: MonotonicTime.seconds,
            processorSeconds: try ProcessUsage.processorSeconds(of: server.process.pid))
        if let mirrorPid {
            moment.mirrorProcessorSeconds = try ProcessUsage.processorSeconds(of: mirrorPid)
            moment.linkBytes = Double(try server.pipeline().linkBytes)
        }
        return moment
    }

    /// What it takes now.
    func memory() throws(MeasurementError) -> [FootprintQuantity: Double] {
        var figures = [FootprintQuantity.memory: try ProcessUsage.residentBytes(of: server.process.pid)]
        if let mirrorPid {
            figures[.mirrorMemory] = try ProcessUsage.residentBytes(of: mirrorPid)
            let queue = try server.pipeline().queue
            figures[.queue] = Double(queue.waitingBytes + queue.sendingBytes)
        }
        return figures
    }

    /// What it did since then.
    func use(since start: Moment) throws(MeasurementError) -> [FootprintQuantity: Double] {
        let end = try moment()
        let seconds = end.seconds - start.seconds
        var figures = [FootprintQuantity.processor: (end.processorSeconds - start.processorSeconds) / seconds]
        if mirrorPid != nil {
            figures[.mirrorProcessor] = (end.mirrorProcessorSeconds - start.mirrorProcessorSeconds) / seconds
            figures[.link] = (end.linkBytes - start.linkBytes) / seconds
        }
        return figures
    }
}
