/// All that can be measured, in the order of a run of all.
public enum ScenarioList {
    public static let all: [any Scenario] = [
        SyscallScenario(), DirtyScenario(), PauseScenario(), DeltaScenario(), IntervalScenario(),
        RedisScenario(), TakeoverScenario(), FootprintScenario(),
    ]

    public static func named(_ name: String) -> (any Scenario)? { all.first { $0.name == name } }
}
