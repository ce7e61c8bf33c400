/// One takeover of a redis-server that holds something, under the eyes of a client.
struct Takeover {
    struct Outcome {
        /// From the event to the first right answer.
        var milliseconds: Double
        /// Memory that redis says it uses.
        var usedBytes: Double
    }

    let event: TakeoverEvent
    let megabytes: Int

    private static let tries = 5

    var name: String { "\(event.name), \(RedisContents(megabytes: megabytes).name)" }

    /// - Parameter parted: counts pairs that parted before anything was done to them, as it happens on a busy machine
    ///   with a short failure timeout; another one is started then.
    func measure(_ bench: Bench, parted: inout Int) throws(MeasurementError) -> Outcome {
        for _ in 1...Takeover.tries {
            let pair = try TakeoverPair(event, RedisContents(megabytes: megabytes), bench)
            defer { pair.kill() }
            if let usedBytes = try pair.prepare() {
                return Outcome(milliseconds: 1000 * (try pair.strike()), usedBytes: usedBytes)
            }
            parted += 1
        }
        throw MeasurementError("\(name): the pair has parted by itself, \(Takeover.tries) times")
    }
}
