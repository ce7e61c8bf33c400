import Synchronization

/// Counts for the report: calls by number, and unknown calls by name.
final class SyscallStatistics: @unchecked Sendable {
    // Sound: each thread counts in its own buffer (GuestThread.callCounts) and adds it here, under
    // the lock, when it ends; a reader adds the living threads' buffers, which may lag by a call.
    private struct State {
        var calls = [UInt64](repeating: 0, count: SyscallTable.count)
        var unknown: [Int: UInt64] = [:]
        var threadsEnded = 0
    }

    private let state = Mutex(State())

    func countUnknown(_ number: Int) {
        state.withLock { $0.unknown[number, default: 0] += 1 }
    }

    func add(_ counts: UnsafeMutablePointer<UInt64>) {
        state.withLock { state in
            for number in 0..<SyscallTable.count { state.calls[number] += counts[number] }
            state.threadsEnded += 1
        }
    }

    var unknownCalls: [Int: UInt64] {
        state.withLock { $0.unknown }
    }

    var endedThreadsCalls: [UInt64] {
        state.withLock { $0.calls }
    }
}
