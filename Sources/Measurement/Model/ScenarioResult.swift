/// What came out of one scenario.
public struct ScenarioResult: Encodable, Sendable {
    public var name: String
    public var summary: String
    /// How it was measured, and what to bear in mind: a paragraph each.
    public var notes: [String] = []
    public var tables: [ResultTable] = []
    public var plots: [Plot] = []
    public var reaches: [Reach] = []
    /// What it would have been compared with, and is not here.
    public var missingPeers: [String] = []
    public var seconds: Double = 0
    /// Why it could not be measured; nothing else is there then.
    public var failure: String?

    public init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }
}
