import Replication
import Synchronization

/// What `--epoch` and `understudy ctl epoch` may ask for.
public enum EpochChoice: Equatable, Sendable {
    case fixed(nanoseconds: UInt64)
    case automatic

    /// 1 ms to 24 hours.
    public static let nanosecondsAllowed: ClosedRange<UInt64> = 1_000_000...86_400_000_000_000
}

/// The longest time between checkpoints. It may be changed at any time, from any thread.
final class EpochInterval: Sendable {
    private struct State {
        var choice: EpochChoice
        var automatic = AutomaticInterval()
    }

    private let state: Mutex<State>

    init(_ choice: EpochChoice) {
        state = Mutex(State(choice: choice))
    }

    var choice: EpochChoice { state.withLock { $0.choice } }
    var isAutomatic: Bool { choice == .automatic }

    var nanoseconds: UInt64 {
        state.withLock { state in
            switch state.choice {
            case .fixed(let nanoseconds): return nanoseconds
            case .automatic: return state.automatic.nanoseconds
            }
        }
    }

    func set(_ choice: EpochChoice) {
        state.withLock { $0.choice = choice }
    }

    func note(_ cost: EpochCost) {
        state.withLock { $0.automatic.note(cost) }
    }
}
