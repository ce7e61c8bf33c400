import Testing

@testable import Replication

@Suite("lease, silence and failure timeout")
struct LeaseTests {
    @Test("it holds from an answer until the failure timeout less a margin after the heartbeat was sent")
    func holds() {
        var lease = Lease(failureTimeoutNanoseconds: timeout)
        lease.sent(sequence: 1, at: 1000)
        #expect(!lease.holds(at: 1000))
        lease.answered(sequence: 1)
        #expect(lease.holds(at: 1000))
        #expect(lease.holds(at: 1000 + leaseDuration - 1))
        #expect(!lease.holds(at: 1000 + leaseDuration))
    }

    @Test("a late answer counts from when its heartbeat was sent, not from when it came")
    func lateAnswer() {
        var lease = Lease(failureTimeoutNanoseconds: timeout)
        lease.sent(sequence: 1, at: 0)
        lease.sent(sequence: 2, at: 10_000 * millisecond)
        lease.answered(sequence: 1)
        #expect(!lease.holds(at: 10_001 * millisecond))
        lease.answered(sequence: 2)
        #expect(lease.holds(at: 10_001 * millisecond))
    }

    @Test("answers out of order never shorten it, and answers to nothing never start it")
    func oddAnswers() {
        var lease = Lease(failureTimeoutNanoseconds: timeout)
        lease.answered(sequence: 7)
        #expect(!lease.holds(at: 0))
        lease.sent(sequence: 1, at: 0)
        lease.sent(sequence: 2, at: 100 * millisecond)
        lease.answered(sequence: 2)
        lease.answered(sequence: 1)
        lease.answered(sequence: 9)
        #expect(lease.holds(at: 549 * millisecond))
        #expect(!lease.holds(at: 550 * millisecond))
    }

    @Test("of very many unanswered heartbeats the newest still count")
    func manyUnanswered() {
        var lease = Lease(failureTimeoutNanoseconds: timeout)
        for sequence in 1...1000 { lease.sent(sequence: UInt64(sequence), at: UInt64(sequence) * millisecond) }
        lease.answered(sequence: 1)
        #expect(!lease.holds(at: 0))
        lease.answered(sequence: 1000)
        #expect(lease.holds(at: 1449 * millisecond))
    }

    @Test("the margin is a tenth, at least 10 ms, at most half")
    func margin() {
        #expect(Lease(failureTimeoutNanoseconds: nil).durationNanoseconds == nil)
        let margins: [(UInt64, UInt64)] = [(500, 450), (10_000, 9000), (50, 40), (100, 90), (20, 10), (4, 2)]
        for (milliseconds, expected) in margins {
            let lease = Lease(failureTimeoutNanoseconds: milliseconds * millisecond)
            #expect(lease.durationNanoseconds == expected * millisecond)
        }
    }

    @Test("without a failure timeout it always holds")
    func off() {
        #expect(Lease(failureTimeoutNanoseconds: nil).holds(at: .max))
    }

    @Test("the larger failure timeout is agreed on, and none if either side has none")
    func agreement() {
        #expect(FailureTimeout.agreed(primary: 1, mirror: 2) == 2)
        #expect(FailureTimeout.agreed(primary: 3, mirror: 2) == 3)
        #expect(FailureTimeout.agreed(primary: nil, mirror: 2) == nil)
        #expect(FailureTimeout.agreed(primary: 1, mirror: nil) == nil)
        #expect(FailureTimeout.agreed(primary: nil, mirror: nil) == nil)
    }

    @Test("silence counts what was listened to; a freeze of this side is a quarter of the timeout")
    func silence() {
        var silence = Silence(failureTimeoutNanoseconds: timeout)
        silence.advance(to: 1_000_000 * millisecond)
        for step in 1...3 { silence.advance(to: UInt64(1_000_000 + step * 60_000) * millisecond) }
        #expect(!silence.hasLasted(failureTimeouts: 1))
        silence.advance(to: 1_180_125 * millisecond)
        #expect(silence.hasLasted(failureTimeouts: 1))
        #expect(!silence.hasLasted(failureTimeouts: 2))
        silence.restart()
        // A clock reading that is older than one before it counts for nothing.
        silence.advance(to: 5)
        silence.advance(to: 1_180_125 * millisecond + timeout / 4)
        #expect(!silence.hasLasted(failureTimeouts: 1))
    }
}
