/// A figure that was set as a goal, and what was found.
public struct Reach: Encodable, Sendable {
    public var what: String
    /// The goal, in words.
    public var goal: String
    /// What was found, in words.
    public var found: String
    public var isReached: Bool

    public init(_ what: String, goal: String, found: String, isReached: Bool) {
        self.what = what
        self.goal = goal
        self.found = found
        self.isReached = isReached
    }
}
