import Replication

/// Where the two sides run and what may befall them.
struct SimulationPlan: CustomStringConvertible, Sendable {
    /// One failure each, of which a run gets a few.
    enum Fault: CaseIterable, Sendable {
        case primaryEnds, mirrorEnds, primaryFreezes, mirrorFreezes, bothFreeze
        /// The connections are reset, the processes live.
        case linkBreaks
        /// Nothing gets through for a while: one way, or both.
        case primaryUnheard, mirrorUnheard, networkParted
        case primaryPowerFails, mirrorPowerFails
        case mirrorRefusesEpoch, mirrorInterrupted
    }

    var name: String
    var failureTimeout: UInt64? = 100 * millisecond
    var fence = FenceMeans.none
    /// They share a page with robust futexes, a clock, and no network.
    var isSameMachine = false
    var canProbe = true
    var silencePolicy = SilencePolicy.hold
    var faults = Fault.allCases

    var description: String { name }

    static let all: [SimulationPlan] = [
        .init(name: "one machine", fence: .kill, isSameMachine: true, faults: oneMachine),
        .init(name: "one machine without a pidfd", isSameMachine: true, faults: oneMachine),
        .init(
            name: "one machine, timeout off", failureTimeout: nil, fence: .kill, isSameMachine: true,
            faults: oneMachine),
        .init(name: "two machines"),
        .init(name: "two machines, timeout off", failureTimeout: nil),
        .init(name: "two machines behind NAT", canProbe: false),
        .init(name: "two machines, fence commands", fence: .command),
    ]

    private static let oneMachine: [Fault] = [
        .primaryEnds, .mirrorEnds, .primaryFreezes, .mirrorFreezes, .bothFreeze, .linkBreaks, .mirrorRefusesEpoch,
        .mirrorInterrupted,
    ]
}
