import Synchronization

/// Counts for the report: calls by number, and unknown calls by name.
final class SyscallStatistics: @unchecked Sendable {
    // Sound: each thread counts in its own buffer (GuestThread.callCounts) and adds it here, under
    // the lock, when it ends; a reader adds the living threads' buffers, which may lag by a call.
    private struct State {
        /// As in `GuestThread.callCounts`.
        var calls = [UInt64](repeating: 0, count: GuestThread.callCountsCount)
        var unknown: [Int: UInt64] = [:]
        var threadsStarted: UInt64 = 0
    }

    /// So many unknown numbers are told apart; all beyond are counted together.
    private static let unknownCountMax = 256
    static let otherNumbers = Int(Int32.min)

    private let state = Mutex(State())

    func countUnknown(_ number: Int) {
        state.withLock { state in
            let isNew = state.unknown[number] == nil
            let key = isNew && state.unknown.count >= Self.unknownCountMax ? Self.otherNumbers : number
            state.unknown[key, default: 0] += 1
        }
    }

    func countThread() {
        state.withLock { $0.threadsStarted += 1 }
    }

    /// Takes over what a thread that ends has counted; its buffer is zero from then on.
    func add(_ counts: UnsafeMutablePointer<UInt64>) {
        state.withLock { state in
            for number in 0..<GuestThread.callCountsCount {
                state.calls[number] += counts[number]
                counts[number] = 0
            }
        }
    }

    /// `living` was taken before: a thread that has ended since is counted by what it handed over, or by its buffer.
    func total(with living: [GuestThread]) -> CallCounts {
        state.withLock { state in
            var calls = state.calls
            for thread in living {
                for index in calls.indices { calls[index] += thread.callCounts[index] }
            }
            let byNumber = calls.prefix(SyscallTable.count)
            let used = byNumber.enumerated().filter { $0.element > 0 }.map { ($0.offset, $0.element) }
            return CallCounts(
                byNumber: Dictionary(uniqueKeysWithValues: used), caught: calls[GuestThread.caughtIndex],
                unknown: state.unknown, threadsStarted: state.threadsStarted)
        }
    }
}

/// How often the guest called what, for the report.
public struct CallCounts: Sendable {
    public let byNumber: [Int: UInt64]
    /// Those that a signal brought to the supervisor; the others left the guest by a jump.
    public let caught: UInt64
    /// Calls that are not served; a number outside the table is counted here only.
    public let unknown: [Int: UInt64]
    public let threadsStarted: UInt64
    /// Call sites that are rewritten.
    public var rewrittenCallSites = 0
}
