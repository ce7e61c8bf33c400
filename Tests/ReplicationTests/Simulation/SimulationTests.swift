import TestSupport
import Testing

/// Both sides at once, with everything around them simulated.
@Suite("both sides, simulated")
struct SimulationTests {
    private static let seeds = SeededGenerator.seeds(count: 400)

    @Test("no output that the other side's history lacks, and never two that go on", arguments: SimulationPlan.all)
    func agreement(plan: SimulationPlan) {
        var takeovers = 0
        var oldPrimaries = 0
        var unprotected = 0
        for seed in Self.seeds {
            let simulation = Simulation(plan, seed: seed)
            if let violation = simulation.run() {
                let hint = SeededGenerator.replayHint(seed: seed, step: Int(simulation.clock.stepCount))
                Issue.record("\(plan): \(violation) (\(hint))")
                return
            }
            if simulation.takenOverEpoch != nil { takeovers += 1 }
            if simulation.hasOldPrimary { oldPrimaries += 1 }
            if simulation.primary.isUnprotected { unprotected += 1 }
        }
        // The runs must have reached what they are about. An old primary is left only where nothing could fence it;
        // that it released nothing was checked at each of its decisions.
        guard Self.seeds.count > 1 else { return }
        #expect(takeovers > 20)
        #expect(unprotected > 20)
        let canFence = plan.fence != .none || plan.failureTimeout == nil
        #expect(canFence ? oldPrimaries == 0 : oldPrimaries > 5)
    }

    @Test("a primary told to go on in silence is unsafe, and the simulation shows it")
    func unsafe() {
        let plan = SimulationPlan(name: "unsafe", silencePolicy: .goOnUnsafely)
        var conflicts = 0
        for seed in Self.seeds {
            let simulation = Simulation(plan, seed: seed)
            if let violation = simulation.run() {
                let hint = SeededGenerator.replayHint(seed: seed, step: Int(simulation.clock.stepCount))
                Issue.record("\(violation) (\(hint))")
                return
            }
            if simulation.primary.isUnprotected && simulation.takenOverEpoch != nil { conflicts += 1 }
        }
        if Self.seeds.count > 1 { #expect(conflicts > 5) }
    }
}
