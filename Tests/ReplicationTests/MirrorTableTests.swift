import Replication
import Testing

/// Architecture §6, the mirror's column, row by row.
@Suite("what a mirror decides")
struct MirrorTableTests {
    private var now = 1000 * millisecond
    private var mirror = MirrorDecision(failureTimeoutNanoseconds: timeout, fence: .none, canProbe: true)

    init() {
        join(fence: .none)
    }

    private mutating func join(
        fence: FenceMeans, timeout failureTimeout: UInt64? = timeout, canProbe: Bool = true, epochs: UInt64 = 3
    ) {
        mirror = MirrorDecision(failureTimeoutNanoseconds: failureTimeout, fence: fence, canProbe: canProbe)
        #expect(!mirror.mayAcknowledge)
        #expect(tell(.linkEstablished) == [])
        for epoch in 0..<epochs { #expect(tell(.epochCommitted(epoch + 1)) == []) }
        #expect(tell(.heartbeatReceived) == [])
        #expect(mirror.mayAcknowledge)
    }

    private mutating func tell(_ event: MirrorEvent, after milliseconds: UInt64 = 1) -> [MirrorAction] {
        now += milliseconds * millisecond
        return mirror.handle(event, now: now)
    }

    private mutating func wait(milliseconds: UInt64) -> [MirrorAction] {
        var actions: [MirrorAction] = []
        for _ in 0..<milliseconds / 50 { actions += tell(.tick, after: 50) }
        return actions
    }

    // MARK: - The primary's process is gone

    @Test("the connection closed and the probe refused: takes over at once")
    mutating func gone() {
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.refused)) == [.takeOver(epoch: 3)])
        #expect(mirror.hasTakenOver && !mirror.mayAcknowledge)
    }

    @Test("the futex's owner died: takes over at once, link or no link")
    mutating func died() {
        join(fence: .kill)
        #expect(tell(.primaryDied) == [.takeOver(epoch: 3)])
        #expect(tell(.primaryDied) == [])
        join(fence: .kill, timeout: nil)
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.primaryDied) == [.takeOver(epoch: 3)])
    }

    @Test("gone before the first whole epoch: stands down")
    mutating func goneTooEarly() {
        let endings: [MirrorEvent] = [.linkClosed, .primaryDied]
        for ending in endings {
            join(fence: .kill, epochs: 0)
            let actions = tell(ending)
            #expect(actions.count == 1 && actions.first?.isStandDown == true)
            #expect(!mirror.mayAcknowledge)
        }
    }

    @Test("the link broke, but the primary lives: silence")
    mutating func linkBroke() {
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.alive)).first?.isHold == true)
        #expect(tell(.tick, after: 50) == [.probe])
        #expect(tell(.probeFinished(.unreachable)) == [])
        #expect(wait(milliseconds: 400).allSatisfy { $0 == .probe })
        #expect(tell(.tick, after: 50) == [.takeOver(epoch: 3)])
    }

    @Test("a probe that is refused while the link stands shows nothing")
    mutating func refusedWithLink() {
        #expect(tell(.probeFinished(.refused)) == [])
        #expect(mirror.mayAcknowledge)
    }

    @Test("where the probe does not work, a closed connection is silence")
    mutating func goneWithoutProbe() {
        join(fence: .none, canProbe: false)
        #expect(tell(.linkClosed).first?.isHold == true)
        #expect(wait(milliseconds: 450) == [])
        #expect(wait(milliseconds: 50) == [.takeOver(epoch: 3)])
    }

    // MARK: - Silence

    @Test("silence, no arbiter and no fence: takes over after the failure timeout")
    mutating func silence() {
        #expect(wait(milliseconds: 450) == [])
        #expect(tell(.heartbeatReceived) == [])
        #expect(wait(milliseconds: 450) == [])
        #expect(wait(milliseconds: 100) == [.takeOver(epoch: 3)])
    }

    @Test("silence with a fence: takes over once it is fenced")
    mutating func silenceFenced() {
        for means in [FenceMeans.kill, .command] {
            join(fence: means)
            #expect(wait(milliseconds: 500) == [.fence])
            #expect(wait(milliseconds: 5000) == [])
            #expect(tell(.heartbeatReceived) == [])
            #expect(tell(.fenced(true)) == [.takeOver(epoch: 3)])
        }
    }

    @Test("fencing that fails: says so once, tries again after as long a silence, goes on mirroring meanwhile")
    mutating func fenceFails() {
        join(fence: .kill)
        #expect(wait(milliseconds: 500) == [.fence])
        #expect(tell(.fenced(false)).first?.isHold == true)
        #expect(mirror.mayAcknowledge)
        #expect(tell(.epochCommitted(4)) == [])
        #expect(wait(milliseconds: 450) == [])
        #expect(wait(milliseconds: 50) == [.fence])
        #expect(tell(.fenced(false)) == [])
        #expect(wait(milliseconds: 500) == [.fence])
        #expect(tell(.fenced(true)) == [.takeOver(epoch: 4)])
    }

    @Test("the primary is seen to be gone while it is being fenced: takes over once")
    mutating func goneWhileFencing() {
        join(fence: .kill)
        #expect(wait(milliseconds: 500) == [.fence])
        #expect(tell(.primaryDied) == [.takeOver(epoch: 3)])
        #expect(tell(.fenced(true)) == [])
    }

    @Test("silence before the first whole epoch: fences nobody, and leaves when it has lasted for ten timeouts")
    mutating func silenceTooEarly() {
        for means in [FenceMeans.none, .kill] {
            join(fence: means, epochs: 0)
            #expect(wait(milliseconds: 4_900) == [])
            #expect(mirror.state == .watching)
            #expect(wait(milliseconds: 200) == [.standDown("the primary was silent before its first epoch was whole")])
        }
    }

    @Test("failure timeout off: never on silence")
    mutating func timeoutOff() {
        join(fence: .kill, timeout: nil)
        #expect(wait(milliseconds: 600_000) == [])
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.alive)).first?.isHold == true)
        #expect(wait(milliseconds: 600_000) == [.probe])
        #expect(tell(.probeFinished(.refused)) == [.takeOver(epoch: 3)])
    }

    @Test("a mirror that was frozen hears what was said meanwhile before it judges")
    mutating func ownFreeze() {
        #expect(tell(.tick, after: 60_000) == [])
        #expect(tell(.heartbeatReceived) == [])
        #expect(wait(milliseconds: 450) == [])
    }

    // MARK: - Ends

    @Test("goodbye: finishes, and never takes over")
    mutating func bye() {
        #expect(tell(.byeReceived) == [.finish])
        #expect(tell(.linkClosed) == [])
        #expect(tell(.primaryDied) == [])
        #expect(wait(milliseconds: 5000) == [])
        #expect(!mirror.mayAcknowledge)
    }

    @Test("the guest's last epoch is committed, but no goodbye came: takes over to emit what it holds")
    mutating func lastEpochWithoutBye() {
        #expect(tell(.epochCommitted(4)) == [])
        #expect(tell(.linkClosed) == [.probe])
        #expect(tell(.probeFinished(.refused)) == [.takeOver(epoch: 4)])
    }

    @Test("a refused epoch: stands down, and never takes over")
    mutating func refusesEpoch() {
        #expect(tell(.epochRefusedByUs("no memory")) == [.standDown("no memory")])
        #expect(!mirror.mayAcknowledge)
        #expect(tell(.primaryDied) == [])
        #expect(wait(milliseconds: 5000) == [])
    }

    @Test("interrupted: stands down")
    mutating func interrupted() {
        #expect(tell(.interrupted) == [.standDown("interrupted")])
        mirror = MirrorDecision(failureTimeoutNanoseconds: timeout, fence: .none, canProbe: true)
        #expect(tell(.interrupted) == [.standDown("interrupted")])
    }

    @Test("interrupted, or an epoch refused, while the primary is being fenced: somebody goes on")
    mutating func standDownWhileFencing() {
        for reason in [MirrorEvent.interrupted, .epochRefusedByUs("no memory")] {
            for isFenced in [true, false] {
                join(fence: .kill)
                #expect(wait(milliseconds: 500) == [.fence])
                #expect(tell(reason) == [])
                #expect(!mirror.mayAcknowledge)
                let actions = tell(.fenced(isFenced))
                #expect(isFenced ? actions == [.takeOver(epoch: 3)] : actions.first?.isStandDown == true)
            }
        }
    }

    @Test("after the takeover nothing is decided any more")
    mutating func afterTakeover() {
        #expect(tell(.primaryDied) == [.takeOver(epoch: 3)])
        let later: [MirrorEvent] = [
            .epochCommitted(4), .heartbeatReceived, .byeReceived, .interrupted, .linkClosed, .fenced(true), .tick,
            .probeFinished(.refused), .epochRefusedByUs(""), .primaryDied, .linkEstablished,
        ]
        for event in later { #expect(tell(event, after: 1000) == []) }
        #expect(mirror.hasTakenOver && !mirror.mayAcknowledge)
    }
}

extension MirrorAction {
    var isHold: Bool {
        if case .hold = self { return true }
        return false
    }

    var isStandDown: Bool {
        if case .standDown = self { return true }
        return false
    }
}
