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

extension CorpusEntry {
    /// All rows of guest-examples' corpus.txt, expected-exits.txt and expected-signals.txt.
    public static let all: [CorpusEntry] = verdicts + exits + signals

    /// Programs that end with status 0 and their verdict.
    public static let verdicts = rows(of: "corpus.txt").map { row in
        CorpusEntry(name: row[0], arguments: words(row[1]), expected: .verdict)
    }

    static let exits = rows(of: "expected-exits.txt").map { row in
        CorpusEntry(name: row[0], arguments: words(row[1]), expected: .status(Int32(row[2]) ?? -1))
    }

    static let signals = rows(of: "expected-signals.txt").map { row in
        CorpusEntry(name: row[0], arguments: words(row[1]), expected: .signal(Int32(row[2]) ?? -1))
    }

    /// Rows of takeover-exceptions.txt: what cannot go on in a mirror yet.
    public static let takeoverExceptions = rows(of: "takeover-exceptions.txt").map { row in
        TakeoverException(name: row[0], arguments: words(row[1]), reason: row[2])
    }

    /// Whether the program can be taken over at any moment.
    public var survivesTakeovers: Bool { takeoverException == nil }

    /// Whether its calls mean the same where there is a mirror; docs/limits.md has what does not.
    public var isSameWithMirror: Bool { takeoverException?.reason.hasSuffix("with a mirror") != true }

    /// Why it cannot, as its row has it.
    public var takeoverException: TakeoverException? {
        CorpusEntry.takeoverExceptions.first { $0.name == name && $0.arguments == arguments }
    }

    /// Whether the program maps a file of a disk that was removed.
    public var mapsNamelessFile: Bool { name == "fault" && arguments == ["past_end"] }

    private static func rows(of file: String) -> [[String]] {
        let contents = FileManager.default.contents(atPath: "\(TestEnvironment.guestExamples)/\(file)") ?? Data()
        return String(decoding: contents, as: UTF8.self).split(separator: "\n").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            // A row that is cut short names no program, and its test says so.
            return fields + [String](repeating: "", count: max(0, 3 - fields.count))
        }
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }
}

extension CorpusEntry {
    /// Throws unless the outcome, a native one, is what the tables say.
    public func requireExpected(_ outcome: CommandOutcome) throws {
        let isRight =
            switch expected {
            case .verdict: outcome.ending == .exited(0) && outcome.outputText.hasSuffix("\(name): ok\n")
            case .status(let status): outcome.ending == .exited(status)
            case .signal(let signal): outcome.ending == .signalled(signal)
            }
        if !isRight { throw TestFailure("natively not as guest-examples' tables say (\(expected))", outcome) }
    }
}
