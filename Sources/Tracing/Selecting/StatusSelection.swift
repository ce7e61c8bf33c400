/// Which calls are shown, by how they ended: `-e status=`, `-z`, `-Z`.
public struct StatusSelection: OptionSet, Sendable, NamedOptions {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let successful = StatusSelection(rawValue: 1)
    public static let failed = StatusSelection(rawValue: 2)
    /// Those that never returned.
    public static let unfinished = StatusSelection(rawValue: 4)
    /// Those whose result could not be had: none here, as each result is at hand.
    public static let unavailable = StatusSelection(rawValue: 8)
    /// Those that were running when the tracer left: none here, as it does not leave.
    public static let detached = StatusSelection(rawValue: 16)
    public static let everything = StatusSelection(rawValue: 31)

    static let kind = "status"
    static let names: [(name: String, value: StatusSelection)] = [
        ("successful", .successful), ("failed", .failed), ("unfinished", .unfinished), ("unavailable", .unavailable),
        ("detached", .detached),
    ]

    /// Whether a call that returned `result` is shown.
    @inline(__always)
    public func includes(result: Int) -> Bool {
        contains(CallResult.isError(result) ? .failed : .successful)
    }

    /// Whether lines can only be written once the calls have ended.
    public var needsResult: Bool { !isSuperset(of: [.successful, .failed, .unfinished]) }
}
