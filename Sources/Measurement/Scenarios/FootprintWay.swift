/// How redis-server runs while what it takes is measured.
enum FootprintWay: CaseIterable {
    case native
    case replicated
    /// What the cache takes is what this one does not.
    case withoutDeltaCache

    var name: String {
        switch self {
        case .native: return "native"
        case .replicated: return "replicated"
        case .withoutDeltaCache: return "replicated without a delta cache"
        }
    }

    var isReplicated: Bool { self != .native }

    /// What stands before its own words.
    func prefix(_ bench: Bench) -> [String] {
        switch self {
        case .native: return []
        case .replicated: return bench.run(RedisServer.patientMirror, [])
        case .withoutDeltaCache: return bench.run(RedisServer.patientMirror + ["--delta-cache", "0"], [])
        }
    }
}
