import Synchronization
import Testing

@testable import GuestKernel
@testable import Supervisor

@Suite("whose turn it is to cut")
struct CuttingTurnTests {
    @Test("is nobody's twice, and not to be had by who does not wait")
    func exclusion() {
        let turn = CuttingTurn()
        let inner = turn.take { turn.takeIfFree { true } }
        #expect(inner == nil)
        #expect(turn.takeIfFree { turn.takeIfFree { true } } == .some(nil))
        #expect(turn.takeIfFree { 7 } == 7)
    }

    @Test("goes back where the body throws")
    func failure() {
        struct Failure: Error {}
        let turn = CuttingTurn()
        #expect(throws: Failure.self) { try turn.take { throw Failure() } }
        #expect(throws: Failure.self) { try turn.takeIfFree { throw Failure() } }
        #expect(turn.takeIfFree { true } == true)
    }

    /// On threads of their own: the test runner's must not sleep.
    @Test("is each thread's in turn, however many wait for it")
    func contention() {
        let turn = CuttingTurn()
        let inside = Atomic<Int>(0)
        let overlaps = Atomic<Int>(0)
        let rounds = Atomic<Int>(0)
        let left = Atomic<UInt32>(4)
        withExtendedLifetime(turn) {
            for number in 0..<4 {
                let result = HostThread.start(mask: HostSignals.helperMask) {
                    let pass = {
                        if inside.add(1, ordering: .sequentiallyConsistent).newValue != 1 {
                            overlaps.add(1, ordering: .sequentiallyConsistent)
                        }
                        rounds.add(1, ordering: .sequentiallyConsistent)
                        inside.subtract(1, ordering: .sequentiallyConsistent)
                    }
                    for _ in 0..<20_000 {
                        if number == 0 { turn.takeIfFree(pass) } else { turn.take(pass) }
                    }
                    left.subtract(1, ordering: .sequentiallyConsistent)
                    HostFutex.wake(left)
                }
                #expect(result == 0)
            }
            while true {
                let seen = left.load(ordering: .sequentiallyConsistent)
                if seen == 0 { break }
                HostFutex.wait(left, while: seen)
            }
        }
        #expect(overlaps.load(ordering: .relaxed) == 0)
        #expect(rounds.load(ordering: .relaxed) >= 60_000)
    }
}
