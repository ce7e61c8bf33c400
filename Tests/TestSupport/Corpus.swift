import Foundation

/// One way to run a guest program of guest-examples.
public struct CorpusEntry: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public let arguments: [String]
    /// What the tables of guest-examples say.
    public let expected: ExpectedEnding

    public enum ExpectedEnding: Sendable, Hashable {
        case verdict
        case signal(Int32)
        case status(Int32)
    }

    public var description: String { ([name] + arguments).joined(separator: " ") }
}

/// How a guest program was linked.
public enum Linkage: String, CaseIterable, Sendable, CustomStringConvertible {
    case `static`
    case dynamic
    case staticPIE = "static-pie"

    public var description: String { rawValue }

    /// The path of that build of a guest program; nil where there is none.
    public func path(of name: String) -> String? {
        let path = "\(TestEnvironment.guests)/\(rawValue)/\(name)"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }
}
