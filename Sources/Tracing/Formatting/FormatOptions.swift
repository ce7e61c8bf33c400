/// How calls are shown.
public struct FormatOptions: Sendable {
    /// The most bytes of a string and elements of an array (`-s`).
    public var stringByteCount = 32
    /// `-x`, `-xx`.
    public var hexStrings = TraceText.HexStrings.none
    /// Structures whole, and all of an array (`-v`).
    public var isUnabbreviated = false
    /// Descriptors with their paths, as far as these were captured (`-y`).
    public var showsDescriptorPaths = false
    /// Calls with their numbers (`-n`).
    public var showsNumbers = false
    /// Where the results stand (`-a`).
    public var resultColumn = 40

    public init() {}
}
