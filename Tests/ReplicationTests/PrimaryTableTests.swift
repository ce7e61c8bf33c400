import Replication
import Testing

/// Architecture §6, the primary's column, row by row.
@Suite("what a primary decides")
struct PrimaryTableTests {
    private var now = 1000 * millisecond
    private var sequence: UInt64 = 0
    private var primary = PrimaryDecision(failureTimeoutNanoseconds: timeout, fence: .none, canProbe: true)

    init() {
        join(fence: .none)
    }

    private mutating func join(
        fence: FenceMeans, timeout failureTimeout: UInt64? = timeout, canProbe: Bool = true,
        silencePolicy: SilencePolicy = .hold
    ) {
        primary = PrimaryDecision(
            failureTimeoutNanoseconds: failureTimeout, fence: fence, canProbe: canProbe, silencePolicy: silencePolicy)
        #expect(tell(.linkEstablished) == [])
        exchangeHeartbeat()
        #expect(tell(.firstEpochSent) == [])
    }

    private mutating func tell(_ event: PrimaryEvent, after milliseconds: UInt64 = 1) -> [PrimaryAction] {
        now += milliseconds * millisecond
        return primary.handle(event, now: now)
    }

    private mutating func exchangeHeartbeat() {
        sequence += 1
        #expect(tell(.heartbeatSent(sequence: sequence, at: now)) == [])
        _ = tell(.heartbeatAnswered(sequence: sequence))
    }

    /// Ticks as the clock thread gives them, and all that came of them.
    private mutating func wait(milliseconds: UInt64) -> [PrimaryAction] {
        var actions: [PrimaryAction] = []
        for _ in 0..<milliseconds / 50 { actions += tell(.tick, after: 50) }
        return actions
    }

    // MARK: - The first epoch

    @Test("a link that closes before the mirror can have a whole epoch: goes on unprotected, heard or not")
    mutating func closedBeforeFirstEpoch() {
        for canProbe in [true, false] {
            primary = PrimaryDecision(failureTimeoutNanoseconds: timeout, fence: .none, canProbe: canProbe)
            #expect(tell(.linkEstablished) == [])
            let actions = tell(.linkClosed)
            #expect(actions == [.goUnprotected("the link to the mirror closed before it had a whole epoch")])
            #expect(tell(.firstEpochSent) == [])
            #expect(primary.state == .unprotected)
        }
    }

    // MARK: - Output commit

    @Test("output goes out for acknowledged epochs, once each, in order")
    mutating func release() {
        #expect(tell(.ack(epoch: 1)) == [.release(upTo: 1)])
        #expect(tell(.ack(epoch: 1)) == [])
        #expect(tell(.ack(epoch: 4)) == [.release(upTo: 4)])
        #expect(tell(.ack(epoch: 3)) == [])
    }

    @Test("the guest's end waits for its epoch")
    mutating func guestEnd() {
        #expect(tell(.guestEnded(finalEpoch: 2)) == [])
        #expect(tell(.ack(epoch: 1)) == [.release(upTo: 1)])
        #expect(tell(.ack(epoch: 2)) == [.release(upTo: 2), .finish])
        #expect(tell(.ack(epoch: 3)) == [])
        #expect(primary.state == .finished)
    }

    @Test("a last epoch that is acknowledged before the end is told is enough")
    mutating func guestEndAfterAck() {
        #expect(tell(.ack(epoch: 2)) == [.release(upTo: 2)])
        #expect(tell(.guestEnded(finalEpoch: 2)) == [.finish])
    }

    // MARK: - The mirror's process is gone

    @Test("gone, and the lease holds: goes on unprotected")
    mutating func gone() {
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.refused)) == [.goUnprotected("the mirror is gone")])
        #expect(tell(.ack(epoch: 9)) == [])
    }

    @Test("gone, but the lease is out: holds, whatever else is silent")
    mutating func goneAfterFreeze() {
        #expect(tell(.ack(epoch: 1)) == [.release(upTo: 1)])
        #expect(tell(.linkClosed, after: 10_000) == [.probe])
        let actions = tell(.probeFinished(.refused))
        #expect(actions.count == 1 && actions.first?.isHold == true)
        #expect(!wait(milliseconds: 60_000).contains { !$0.isHold })
        #expect(tell(.ack(epoch: 2)) == [])
        #expect(primary.state == .protected)
    }

    @Test("gone, seen just before the answer that shows the lease: goes on")
    mutating func goneBeforeAnswer() {
        let sentAt = now + 9990 * millisecond
        #expect(tell(.heartbeatSent(sequence: 50, at: sentAt), after: 10_000) == [])
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.refused)).first?.isHold == true)
        #expect(tell(.heartbeatAnswered(sequence: 50)) == [.goUnprotected("the mirror is gone")])
    }

    @Test("a mirror that is just ending may accept once more: it is probed again while the lease holds")
    mutating func probedAgain() {
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.unreachable)).first?.isHold == true)
        #expect(tell(.tick) == [])
        #expect(tell(.tick, after: 50) == [.probe])
        #expect(tell(.tick, after: 50) == [])
        #expect(tell(.probeFinished(.refused)) == [.goUnprotected("the mirror is gone")])
    }

    @Test("where the probe does not work, a closed connection is silence")
    mutating func goneWithoutProbe() {
        join(fence: .none, canProbe: false)
        #expect(tell(.linkClosed).first?.isHold == true)
        #expect(!wait(milliseconds: 5000).contains { !$0.isHold })
        #expect(primary.state == .protected)
    }

    @Test("a mirror that died on this machine and had not taken over is certain, whatever the lease")
    mutating func died() {
        join(fence: .kill)
        let actions = tell(.mirrorDied(hadTakenOver: false), after: 60_000)
        #expect(actions == [.goUnprotected("the mirror's process has ended")])
    }

    @Test("a mirror that took over and died supersedes")
    mutating func diedAfterTakeover() {
        join(fence: .kill)
        #expect(tell(.mirrorDied(hadTakenOver: true)) == [.endSuperseded])
    }

    @Test("a mirror that gives up its role is safe to leave, whatever the lease")
    mutating func epochRefused() {
        let actions = tell(.epochRefused("no memory"), after: 60_000)
        #expect(actions == [.goUnprotected("the mirror has given up: no memory")])
    }

    @Test("the link broke, but the mirror lives: holds")
    mutating func linkBroke() {
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.alive)).first?.isHold == true)
        #expect(!wait(milliseconds: 5000).contains { !$0.isHold && $0 != .probe })
    }

    // MARK: - Silence

    @Test("silence without an arbiter: holds output, says so once, and goes on when it is answered")
    mutating func silenceHolds() {
        let actions = wait(milliseconds: 5000)
        #expect(actions.filter(\.isHold) == [.hold("the mirror is silent")])
        #expect(!actions.contains { !$0.isHold && $0 != .probe })
        #expect(tell(.ack(epoch: 1)) == [])
        sequence += 1
        #expect(tell(.heartbeatSent(sequence: sequence, at: now)) == [])
        #expect(tell(.heartbeatAnswered(sequence: sequence)) == [.release(upTo: 1)])
        #expect(wait(milliseconds: 400) == [])
    }

    @Test("silence is not held against a mirror while this side itself was frozen")
    mutating func ownFreeze() {
        join(fence: .kill)
        #expect(tell(.tick, after: 60_000) == [])
        exchangeHeartbeat()
        #expect(wait(milliseconds: 400) == [])
    }

    @Test("silence, and told to go on: goes on, and says that it is unsafe")
    mutating func silenceUnsafe() {
        join(fence: .none, silencePolicy: .goOnUnsafely)
        #expect(wait(milliseconds: 450) == [])
        #expect(wait(milliseconds: 50) == [.goUnprotected("the mirror is silent; this is unsafe")])
        #expect(tell(.tick, after: 5000) == [.probe])
        #expect(tell(.probeFinished(.tookOver)) == [.endSuperseded])
    }

    @Test("a probe that is refused while the link stands shows nothing")
    mutating func refusedWithLink() {
        #expect(wait(milliseconds: 500).contains(.probe))
        #expect(tell(.probeFinished(.refused)) == [])
        exchangeHeartbeat()
        #expect(primary.state == .protected)
    }

    @Test("a silent mirror on this machine is killed, twice as late as it would kill; its death decides")
    mutating func silenceKill() {
        join(fence: .kill)
        #expect(!wait(milliseconds: 950).contains(.fenceMirror))
        #expect(wait(milliseconds: 50).contains(.fenceMirror))
        #expect(tell(.fenced(true)) == [])
        #expect(tell(.mirrorDied(hadTakenOver: false)) == [.goUnprotected("the mirror's process has ended")])
    }

    @Test("a silent mirror that a command fenced has not taken over: goes on")
    mutating func silenceCommand() {
        join(fence: .command)
        #expect(wait(milliseconds: 1000).contains(.fenceMirror))
        #expect(tell(.fenced(true)) == [.goUnprotected("the mirror was silent and has been fenced")])
    }

    @Test("fencing that fails is said once, and tried again after as long a silence")
    mutating func fenceFails() {
        join(fence: .command)
        #expect(wait(milliseconds: 1000).contains(.fenceMirror))
        #expect(tell(.fenced(false)) == [.hold("the mirror is silent and could not be fenced")])
        #expect(!wait(milliseconds: 950).contains(.fenceMirror))
        #expect(wait(milliseconds: 50).contains(.fenceMirror))
        #expect(tell(.fenced(false)) == [])
    }

    @Test("failure timeout off: silence is never acted upon, and acks alone release")
    mutating func timeoutOff() {
        join(fence: .kill, timeout: nil, silencePolicy: .goOnUnsafely)
        #expect(wait(milliseconds: 600_000) == [])
        #expect(tell(.ack(epoch: 1)) == [.release(upTo: 1)])
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.refused)) == [.goUnprotected("the mirror is gone")])
    }

    // MARK: - Superseded, and the freeze

    @Test("whoever says that the mirror took over: releases nothing ever again")
    mutating func superseded() {
        for message in [PrimaryEvent.mirrorTookOver, .probeFinished(.tookOver), .mirrorDied(hadTakenOver: true)] {
            join(fence: .kill)
            #expect(tell(message) == [.endSuperseded])
            #expect(tell(.ack(epoch: 1)) == [])
            exchangeHeartbeat()
            #expect(tell(.epochRefused("")) == [])
            #expect(tell(.mirrorTookOver) == [])
            #expect(wait(milliseconds: 5000) == [])
        }
    }

    @Test("superseded after it went on unprotected, all the same")
    mutating func supersededUnprotected() {
        #expect(tell(.epochRefused("no memory")).count == 1)
        #expect(tell(.mirrorTookOver) == [.endSuperseded])
    }

    @Test("frozen for ten seconds: acks that had come release nothing until a new heartbeat is answered")
    mutating func frozen() {
        #expect(tell(.heartbeatSent(sequence: 90, at: now)) == [])
        #expect(tell(.ack(epoch: 1), after: 10_000) == [])
        #expect(tell(.heartbeatAnswered(sequence: 90)) == [])
        #expect(tell(.heartbeatSent(sequence: 91, at: now)) == [])
        #expect(tell(.heartbeatAnswered(sequence: 91)) == [.release(upTo: 1)])
    }
}

extension PrimaryAction {
    var isHold: Bool {
        if case .hold = self { return true }
        return false
    }
}
