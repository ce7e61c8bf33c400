/// What the pipeline of a replicated redis-server has done, or does between two moments.
struct RedisPipeline {
    var seconds: Double
    var epochs: Double
    var epochsByNeed: Double
    var pages: Double
    var linkBytes: Double

    init(of server: RedisServer) throws(MeasurementError) {
        let status = try server.pipeline()
        seconds = MonotonicTime.seconds
        epochs = Double(status.epochs.cut)
        epochsByNeed = Double(status.epochs.byNeed)
        pages = Double(status.pages.count)
        linkBytes = Double(status.linkBytes)
    }

    func since(_ before: RedisPipeline) -> RedisPipeline {
        var difference = self
        difference.seconds -= before.seconds
        difference.epochs -= before.epochs
        difference.epochsByNeed -= before.epochsByNeed
        difference.pages -= before.pages
        difference.linkBytes -= before.linkBytes
        return difference
    }
}
