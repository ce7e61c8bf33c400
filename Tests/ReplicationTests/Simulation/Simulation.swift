import Replication
import TestSupport

/// A primary and a mirror with a simulated clock, network and processes, driven by one seed. It notes the first thing
/// that must never happen: output that the other side's surviving history does not contain, or two sides that go on.
final class Simulation {
    enum Side: Int {
        case primary, mirror

        var other: Side { self == .primary ? .mirror : .primary }
    }

    static let epochNanoseconds = 20 * millisecond
    static let faultsEnd = 800 * millisecond
    /// Leaves everything that a fault can start the time to end.
    static let end = 2200 * millisecond
    private static let forGood = 2 * end

    let plan: SimulationPlan
    var dice: SeededGenerator
    var clock = SimulatedClock()
    var processes: [SimulatedProcess]
    var primary: CheckedPrimary
    var mirror: CheckedMirror

    /// The connections, both at once; what was under way when they are reset is lost.
    var linkIsBroken = false
    /// Until when what each side sends gets nowhere.
    var unheardUntil: [UInt64] = [0, 0]
    private var lastArrival: [[UInt64]]

    var epoch: UInt64 = 0
    var heartbeat: UInt64 = 0
    var guestHasEnded = false
    var refusedEpoch: UInt64 = 0
    /// What is out; decided upon, and done.
    var released: UInt64 = 0
    var releasedAt: UInt64 = 0
    var takenOverEpoch: UInt64?
    private(set) var faultCount = 0
    private(set) var violation: String?

    init(_ plan: SimulationPlan, seed: UInt64) {
        self.plan = plan
        dice = SeededGenerator(seed: seed)
        // adjtimex(2): a clock is slewed by up to 500 ppm.
        let rates = [Int64(dice.below(1001)) - 500, Int64(dice.below(1001)) - 500]
        let offsets = [UInt64(dice.below(1_000_000)) * millisecond, UInt64(dice.below(1_000_000)) * millisecond]
        processes = [0, 1].map { side in
            let index = plan.isSameMachine ? 0 : side
            return SimulatedProcess(clockOffset: offsets[index], clockPartsPerMillion: rates[index])
        }
        lastArrival = [[0, 0], [0, 0]]
        primary = CheckedPrimary(
            CheckedPrimary.Settings(
                failureTimeout: plan.failureTimeout, fence: plan.fence, canProbe: plan.canProbe,
                silencePolicy: plan.silencePolicy))
        mirror = CheckedMirror(
            CheckedMirror.Settings(failureTimeout: plan.failureTimeout, fence: plan.fence, canProbe: plan.canProbe))
    }

    // MARK: - Running

    /// Runs to the end, or to the first violation, which it returns.
    func run() -> String? {
        decide(mirror: .linkEstablished)
        decide(primary: .linkEstablished)
        repeatedly(.primary, every: Self.epochNanoseconds) { self.cutEpoch() }
        let step = FailureTimeout.stepNanoseconds(plan.failureTimeout)
        repeatedly(.primary, every: step) { self.sendHeartbeat() }
        repeatedly(.primary, every: step) { self.decide(primary: .tick) }
        repeatedly(.mirror, every: step) { self.decide(mirror: .tick) }
        planFaults()
        if dice.oneIn(3) { after(milliseconds(100..<1000)) { self.deliver(.primary, .local) { self.endGuest() } } }
        while violation == nil, let action = clock.next(until: Self.end) {
            action()
            violation = violation ?? primary.violation ?? mirror.violation
        }
        defer { clock.forgetAll() }
        return violation ?? violationAtEnd()
    }

    func fail(_ text: String) {
        violation = violation ?? "\(text), at \(clock.now / millisecond) ms"
    }

    func milliseconds(_ range: Range<Int>) -> UInt64 {
        UInt64(Int.random(in: range, using: &dice)) * millisecond
    }

    func after(_ nanoseconds: UInt64, _ action: @escaping () -> Void) {
        clock.schedule(at: clock.now + nanoseconds, action)
    }

    private func repeatedly(_ side: Side, every period: UInt64, _ action: @escaping () -> Void) {
        after(period) { [self] in
            guard processes[side.rawValue].life == .runs else { return }
            deliver(side, .local) { [self] in
                action()
                repeatedly(side, every: period, action)
            }
        }
    }

    // MARK: - Processes

    /// Something for a process to handle, at once or when it is thawed.
    func deliver(_ side: Side, _ channel: SimulatedProcess.Channel, _ work: @escaping () -> Void) {
        processes[side.rawValue].add(work, to: channel)
        handlePending(side)
    }

    private func handlePending(_ side: Side) {
        while processes[side.rawValue].runs(at: clock.now),
            let work = processes[side.rawValue].takeNext(&dice)
        {
            work()
        }
    }

    func freeze(_ side: Side, _ nanoseconds: UInt64) {
        let until = clock.now + nanoseconds
        processes[side.rawValue].frozenUntil = max(processes[side.rawValue].frozenUntil, until)
        clock.schedule(at: until) { self.handlePending(side) }
    }

    /// Its connections close some time later; on one machine the futex tells sooner.
    func end(_ side: Side, _ life: SimulatedProcess.Life = .ended) {
        guard processes[side.rawValue].life == .runs else { return }
        if life == .ended { send(from: side, .link, delay: milliseconds(1..<60)) { self.tellClosed(side.other) } }
        processes[side.rawValue].end(life)
        guard plan.isSameMachine else { return }
        after(milliseconds(0..<3)) { [self] in
            deliver(side.other, .local) { [self] in
                if side == .mirror {
                    decide(primary: .mirrorDied(hadTakenOver: takenOverEpoch != nil))
                } else {
                    // A goodbye that can be read is read first.
                    for work in processes[Side.mirror.rawValue].takeLink() { work() }
                    decide(mirror: .primaryDied)
                }
            }
        }
    }

    func tellClosed(_ side: Side) {
        if side == .primary { decide(primary: .linkClosed) } else { decide(mirror: .linkClosed) }
    }

    // MARK: - Network

    /// A connection keeps the order of what it carries, and carries on when the network is whole again.
    func send(
        from side: Side, _ channel: SimulatedProcess.Channel, delay: UInt64? = nil, _ work: @escaping () -> Void
    ) {
        if linkIsBroken { return }
        let delay = delay ?? UInt64(dice.below(dice.oneIn(50) ? 60_000 : 2000)) * 1000
        let index = channel == .link ? 0 : 1
        let departure = max(clock.now, unheardUntil[side.rawValue])
        let arrival = max(departure + delay, lastArrival[side.rawValue][index])
        lastArrival[side.rawValue][index] = arrival
        clock.schedule(at: arrival) { [self] in
            if !linkIsBroken { deliver(side.other, channel, work) }
        }
    }

    func breakLink() {
        if linkIsBroken { return }
        linkIsBroken = true
        for side in [Side.primary, .mirror] {
            clock.schedule(at: max(clock.now, unheardUntil[side.other.rawValue]) + milliseconds(0..<5)) { [self] in
                deliver(side, .link) { self.tellClosed(side) }
            }
        }
    }

    func isHeard(_ side: Side) -> Bool { clock.now >= unheardUntil[side.rawValue] }

    // MARK: - Faults

    private func planFaults() {
        faultCount = dice.below(4)
        for _ in 0..<faultCount {
            guard let fault = plan.faults.randomElement(using: &dice) else { continue }
            after(milliseconds(0..<Int(Self.faultsEnd / millisecond))) { self.befall(fault) }
        }
        // Late enough that something may have been acknowledged, and now and then not.
        if dice.oneIn(4) {
            let lasts = milliseconds(1..<300)
            after(milliseconds(0..<400)) { self.freezesBeforeActing = lasts }
        }
    }

    /// The next decision that asks for something is followed by a freeze of this length.
    var freezesBeforeActing: UInt64 = 0

    private func befall(_ fault: SimulationPlan.Fault) {
        let lasts = milliseconds(1..<300)
        switch fault {
        case .primaryEnds: end(.primary)
        case .mirrorEnds: end(.mirror)
        case .primaryFreezes: freeze(.primary, dice.oneIn(4) ? Self.forGood : lasts)
        case .mirrorFreezes: freeze(.mirror, dice.oneIn(4) ? Self.forGood : lasts)
        case .bothFreeze:
            freeze(.primary, lasts)
            freeze(.mirror, lasts)
        case .linkBreaks: breakLink()
        case .primaryUnheard: unheardUntil[0] = clock.now + lasts
        case .mirrorUnheard: unheardUntil[1] = clock.now + lasts
        case .networkParted: unheardUntil = [clock.now + lasts, clock.now + lasts]
        case .primaryPowerFails: end(.primary, .poweredOff)
        case .mirrorPowerFails: end(.mirror, .poweredOff)
        case .mirrorRefusesEpoch: refusedEpoch = epoch + 1
        case .mirrorInterrupted: deliver(.mirror, .local) { self.decide(mirror: .interrupted) }
        }
    }
}
