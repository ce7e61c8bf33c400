/// Which of the tracer's own messages are left out: `-e quiet=`, `-q`.
public struct QuietSelection: OptionSet, Sendable, NamedOptions {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let attach = QuietSelection(rawValue: 1)
    /// "+++ exited with 0 +++".
    public static let exit = QuietSelection(rawValue: 2)
    /// "Requested path … resolved into …".
    public static let pathResolution = QuietSelection(rawValue: 4)
    public static let personality = QuietSelection(rawValue: 8)
    /// "+++ superseded by execve in pid N +++".
    public static let threadExecve = QuietSelection(rawValue: 16)
    public static let everything = QuietSelection(rawValue: 31)

    static let kind = "message"
    static let names: [(name: String, value: QuietSelection)] = [
        ("attach", .attach), ("exit", .exit), ("path-resolution", .pathResolution),
        ("personality", .personality), ("thread-execve", .threadExecve), ("superseded", .threadExecve),
    ]

    /// What so many `-q` mean.
    public init(count: Int) {
        switch count {
        case ...0: self = []
        case 1: self = [.attach, .personality]
        case 2: self = [.attach, .personality, .exit]
        default: self = .everything
        }
    }
}
