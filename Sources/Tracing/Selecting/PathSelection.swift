/// The paths of `-P`: only calls that have to do with one of them are shown.
public struct PathSelection: Sendable, Equatable {
    private var paths: [[UInt8]] = []
    /// What to tell the user about paths that are others in truth.
    public private(set) var notes: [String] = []

    public init() {}

    /// Without paths every call is shown.
    public var isEmpty: Bool { paths.isEmpty }

    /// Paths are compared byte by byte, so whoever has one says what it is without links as well, if it exists.
    public mutating func add(_ path: [UInt8], resolved: [UInt8]?) {
        add(path)
        guard let resolved, resolved != path else { return }
        add(resolved)
        let names = [path, resolved].map { String(decoding: $0, as: UTF8.self) }
        notes.append("requested path \"\(names[0])\" resolved into \"\(names[1])\"")
    }

    private mutating func add(_ path: [UInt8]) {
        if !paths.contains(path) { paths.append(path) }
    }

    /// `path` is what an argument points to, or what a descriptor of the call is open on.
    public func matches(_ path: UnsafeRawBufferPointer) -> Bool {
        paths.contains { $0.count == path.count && $0.elementsEqual(path) }
    }
}
