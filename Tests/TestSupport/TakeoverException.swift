/// A run of a guest program that a takeover upsets, and why.
public struct TakeoverException: Sendable {
    public let name: String
    public let arguments: [String]
    public let reason: String
}
