/// Guest pages whose content was dropped or replaced, so that a mirror has to forget what it was sent of them.
public enum Discards: Equatable, Sendable {
    case ranges([AddressRange])
    /// There were too many: every page that the guest has is sent again.
    case everything

    public var isEmpty: Bool { self == .ranges([]) }
}
