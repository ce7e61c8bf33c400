/// The paths of `-P`: only calls that have to do with one of them are shown.
public struct PathSelection: Sendable, Equatable {
    private var paths: [[UInt8]] = []

    public init() {}

    /// Without paths every call is shown.
    public var isEmpty: Bool { paths.isEmpty }

    /// A path is compared byte by byte, so whoever has one adds what it resolves to as well.
    public mutating func add(_ path: [UInt8]) {
        if !paths.contains(path) { paths.append(path) }
    }

    /// `path` is what an argument points to, or what a descriptor of the call is open on.
    public func matches(_ path: UnsafeRawBufferPointer) -> Bool {
        paths.contains { $0.count == path.count && $0.elementsEqual(path) }
    }
}
