/// A process of the simulation: what it has not handled yet, whether it runs, and what its clock says.
struct SimulatedProcess {
    /// Threads of the process; what one of them handles stays in order, among them any order may come.
    enum Channel: Int, CaseIterable {
        /// What a decision has asked for, before anything else is decided.
        case actions
        case link
        case heartbeats
        /// Its own timers, probes, and what it sees of this machine.
        case local
    }

    enum Life: Equatable {
        case runs
        /// Its ports refuse.
        case ended
        /// Its machine is off: nothing answers.
        case poweredOff
    }

    var life = Life.runs
    var frozenUntil: UInt64 = 0
    private let clockOffset: UInt64
    private let clockPartsPerMillion: Int64
    private var pending: [[() -> Void]] = Channel.allCases.map { _ in [] }

    init(clockOffset: UInt64, clockPartsPerMillion: Int64) {
        self.clockOffset = clockOffset
        self.clockPartsPerMillion = clockPartsPerMillion
    }

    /// Its CLOCK_BOOTTIME.
    func time(at now: UInt64) -> UInt64 {
        clockOffset + UInt64(Int64(now) + Int64(now) / 1_000_000 * clockPartsPerMillion)
    }

    func runs(at now: UInt64) -> Bool {
        life == .runs && now >= frozenUntil
    }

    mutating func add(_ work: @escaping () -> Void, to channel: Channel) {
        if life == .runs { pending[channel.rawValue].append(work) }
    }

    /// Takes what one of its threads handles next: actions first, otherwise any.
    mutating func takeNext(_ generator: inout some RandomNumberGenerator) -> (() -> Void)? {
        let waiting = Channel.allCases.filter { !pending[$0.rawValue].isEmpty }
        guard let first = waiting.first else { return nil }
        let channel = first == .actions ? first : waiting.randomElement(using: &generator) ?? first
        return pending[channel.rawValue].removeFirst()
    }

    /// Takes all that waits on the link.
    mutating func takeLink() -> [() -> Void] {
        defer { pending[Channel.link.rawValue] = [] }
        return pending[Channel.link.rawValue]
    }

    mutating func end(_ life: Life) {
        self.life = life
        for channel in Channel.allCases { pending[channel.rawValue] = [] }
    }
}
