/// Guest pages whose content was dropped or replaced, so that a mirror has to forget what it was sent of them.
public enum Discards: Equatable, Sendable {
    case ranges([AddressRange])
    /// There were too many: every page that the guest has is sent again.
    case everything

    public var isEmpty: Bool { self == .ranges([]) }

    /// Whether a page's content, or a part of it, is among them.
    public func contain(page: UInt64) -> Bool {
        switch self {
        case .everything: true
        case .ranges(let ranges):
            ranges.contains { $0.start < (page + 1) * pageSize && $0.end > page * pageSize }
        }
    }
}
