/// How redis-server runs.
enum RedisWay: Int, CaseIterable {
    case native
    case run
    case replicated
    case replica

    var name: String {
        switch self {
        case .native: return "native"
        case .run: return "run"
        case .replicated: return "replicated"
        case .replica: return "replica, WAIT 1"
        }
    }

    /// What stands before its own words.
    func prefix(_ bench: Bench, report: String) -> [String] {
        switch self {
        case .native, .replica: return []
        case .run: return bench.run([], [])
        case .replicated: return bench.run(RedisServer.patientMirror + ["--report", report], [])
        }
    }

    /// A replica's first copy is sent at once, and not, as by default, when no other has come for five seconds.
    var options: [String] { self == .replica ? ["--repl-diskless-sync-delay", "0"] : [] }
}
