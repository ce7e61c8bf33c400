import GuestKernel
import Synchronization

/// Whose turn it is to cut an epoch.
///
/// Taken before the guest is stopped (`StopGate`), and before any lock. Not a mutex, as a guest thread does not wait
/// for it: what it wanted is left to who has it, or comes next.
final class CuttingTurn: Sendable {
    private enum Word {
        static let free: UInt32 = 0
        static let taken: UInt32 = 1
        /// And somebody sleeps until it is free.
        static let awaited: UInt32 = 2
    }

    private let word = Atomic<UInt32>(Word.free)

    /// Waits for it.
    func take<Result>(_ body: () throws -> Result) rethrows -> Result {
        if !tryTake() {
            while word.exchange(Word.awaited, ordering: .sequentiallyConsistent) != Word.free {
                HostFutex.wait(word, while: Word.awaited)
            }
        }
        defer { giveBack() }
        return try body()
    }

    /// nil where another thread has it.
    func takeIfFree<Result>(_ body: () throws -> Result) rethrows -> Result? {
        guard tryTake() else { return nil }
        defer { giveBack() }
        return try body()
    }

    private func tryTake() -> Bool {
        word.compareExchange(expected: Word.free, desired: Word.taken, ordering: .sequentiallyConsistent).exchanged
    }

    private func giveBack() {
        let before = word.exchange(Word.free, ordering: .sequentiallyConsistent)
        precondition(before != Word.free, "a turn to cut is given back twice")
        if before == Word.awaited { HostFutex.wake(word) }
    }
}
