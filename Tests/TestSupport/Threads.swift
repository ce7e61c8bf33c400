import Foundation
import Synchronization

/// Blocking work beside the cooperative threads, which must not block.
public enum Threads {
    private struct State {
        var remaining: Int
        var firstError: (any Error)?
    }

    /// Runs `body` in `count` threads at once and waits for all; throws the first error of any.
    public static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) async throws {
        let state = Mutex(State(remaining: count))
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            for index in 0..<count {
                Thread.detachNewThread {
                    var failure: (any Error)?
                    do { try body(index) } catch { failure = error }
                    let isLast = state.withLock { state in
                        if state.firstError == nil { state.firstError = failure }
                        state.remaining -= 1
                        return state.remaining == 0
                    }
                    if isLast { continuation.resume() }
                }
            }
        }
        if let error = state.withLock({ $0.firstError }) { throw error }
    }

    /// Runs `body` in a thread and waits for its result.
    public static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let result = Mutex<Result?>(nil)
        try await run(1) { _ in
            let value = try body()
            result.withLock { $0 = value }
        }
        guard let value = result.withLock({ $0 }) else { preconditionFailure("a body that did not throw has a result") }
        return value
    }
}
