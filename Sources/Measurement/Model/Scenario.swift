/// One thing that `understudy bench` measures. What it compares runs in turns, in one invocation.
public protocol Scenario: Sendable {
    /// As on the command line: one word.
    var name: String { get }
    /// What it measures, in one line.
    var summary: String { get }

    /// How long it will take, about.
    func estimatedSeconds(_ plan: BenchPlan) -> Double

    /// Measures. Calls `bench.progress.advance` as it goes on, so that its shares add up to 1.
    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult
}
