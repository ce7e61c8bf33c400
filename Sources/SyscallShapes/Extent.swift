/// How many elements of its content an argument in memory has.
public enum Extent: Hashable, Sendable {
    case one
    case fixed(UInt8)
    /// As many as the argument with this index says.
    case count(UInt8)
    /// As many as the call returned.
    case result
    /// As many as the `int` says to which the argument with this index points.
    case pointed(UInt8)
    /// One, and only if a signal interrupted the call.
    case interrupted
}
