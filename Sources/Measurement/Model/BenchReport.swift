/// All that one `understudy bench` found. `--json` writes it, with names in snake case; names of a schema are only
/// added.
public struct BenchReport: Encodable, Sendable {
    public var schema = 1
    public var understudy: String
    /// UTC, ISO 8601.
    public var started: String
    public var seconds: Double = 0
    public var plan: BenchPlan
    public var machine: MachineFacts
    public var scenarios: [ScenarioResult] = []

    public init(understudy: String, started: String, plan: BenchPlan, machine: MachineFacts) {
        self.understudy = understudy
        self.started = started
        self.plan = plan
        self.machine = machine
    }
}
