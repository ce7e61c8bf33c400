/// Something on the trace's command line that cannot be had, as one sentence in lower case.
public struct TraceOptionError: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }

    /// "no KIND is called NAME; did you mean ONE or OTHER?"
    static func unknown(_ kind: String, _ name: String, among known: some Sequence<String>) -> TraceOptionError {
        let near = NearestNames.of(name, among: known)
        let question = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return TraceOptionError("no \(kind) is called \(name.isEmpty ? "\"\"" : name)\(question)")
    }
}
