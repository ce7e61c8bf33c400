/// Guest pages whose content was dropped or replaced, so that a mirror has to forget what it was sent of them.
public enum Discards: Equatable, Sendable {
    case ranges([AddressRange])
    /// There were too many: every page that the guest has is sent again.
    case everything

    public var isEmpty: Bool { self == .ranges([]) }
}

/// The pages that discards are of, in the order that they are looked for in: there may be tens of thousands of ranges.
public struct DiscardedPages: Sendable {
    private let areAll: Bool
    private var ranges: [AddressRange] = []

    public init(_ discards: Discards) {
        areAll = discards == .everything
        guard case .ranges(let discarded) = discards else { return }
        ranges = discarded
        ranges.mergeTouching()
    }

    public func contain(_ page: UInt64) -> Bool { areAll || ranges.contains(page * pageSize) }
}
