/// How much of guest memory is captured for a call.
public struct CaptureLimits: Sendable {
    /// The most bytes of a string or buffer, and the most elements of an array (`-s`).
    public var stringByteCount: Int
    /// All elements of arrays and directories (`-v`).
    public var isUnabbreviated: Bool

    @inlinable
    public init(stringByteCount: Int = 32, isUnabbreviated: Bool = false) {
        self.stringByteCount = stringByteCount
        self.isUnabbreviated = isUnabbreviated
    }

    /// The most elements of an array.
    @inlinable var elementCount: Int { isUnabbreviated ? 1024 : stringByteCount }
}
