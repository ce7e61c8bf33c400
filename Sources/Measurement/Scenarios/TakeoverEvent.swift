/// What befalls a primary.
enum TakeoverEvent: CaseIterable {
    case killed
    case stopped
    case linkDropped

    var name: String {
        switch self {
        case .killed: return "SIGKILL"
        case .stopped: return "SIGSTOP"
        case .linkDropped: return "dropped link"
        }
    }

    /// What only silence shows.
    var isNoticedByTimeout: Bool { self != .killed }
}
