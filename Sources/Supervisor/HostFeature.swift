/// One thing that this kernel or CPU offers, or does not.
public struct HostFeature: Sendable, Encodable {
    public let name: String
    public let isAvailable: Bool
    /// The Linux version that brought it, or what else it takes.
    public let since: String
    /// What was found: a size, a setting, why it was refused.
    public let detail: String
    /// What is used where it is missing; nil where nothing can take its place.
    public let instead: String?
    /// Whether `run` cannot do without it.
    public let isRequired: Bool

    init(
        _ name: String, _ isAvailable: Bool, since: String, detail: String = "", instead: String? = nil,
        isRequired: Bool = false
    ) {
        self.name = name
        self.isAvailable = isAvailable
        self.since = since
        self.detail = detail
        self.instead = instead
        self.isRequired = isRequired
    }

    enum CodingKeys: String, CodingKey {
        case name
        case isAvailable = "available"
        case since
        case detail
        case instead
        case isRequired = "required"
    }
}
