/// How many elements of its content an argument in memory has.
public enum Extent: Hashable, Sendable {
    case one
    case fixed(UInt8)
    /// As many as the argument with this index says.
    case count(UInt8)
    /// As many as there are pages in as many bytes as the argument with this index says.
    case pages(UInt8)
    /// As many as the call returned.
    case result
    /// As many as the `int` says to which the argument with this index points.
    case pointed(UInt8)
    /// One, and only if a signal interrupted the call.
    case interrupted

    /// The pages in so many bytes.
    @inlinable
    public static func pageCount(_ byteCount: UInt64) -> Int { Int(min(byteCount, 1 << 42) + 4095) / 4096 }
}
