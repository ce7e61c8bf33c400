import TestSupport
import Testing

/// One run of a guest program: which, how linked, under which dispatch.
struct CorpusCase: Sendable, CustomTestStringConvertible {
    let entry: CorpusEntry
    let linkage: Linkage
    let path: String
    let dispatch: Dispatch

    /// Call sites are rewritten at once, after the usual number of calls, or never.
    var rewriting: [String] = []

    /// One of these after the other.
    static func rewriting(turn: Int) -> [String] {
        [["--test-rewrite-after", "1"], [], ["--no-rewrite"]][turn % 3]
    }

    var testDescription: String { "\(entry) (\(linkage), \(dispatch), \(rewriting.joined(separator: " ")))" }

    var command: Command {
        var command = Command(path, entry.arguments)
        // Whatever it leaves behind when it fails is then in no one's way.
        command.directory = "/tmp"
        return command
    }

    /// Every program that ends with a verdict, in every linkage, under every dispatch; and those that are about how a
    /// program ends in every linkage, under one dispatch each, in turns.
    static let all: [CorpusCase] = {
        var cases: [CorpusCase] = []
        for (index, entry) in CorpusEntry.all.enumerated() {
            for (turn, linkage) in Linkage.allCases.enumerated() {
                guard let path = linkage.path(of: entry.name) else { continue }
                let dispatches =
                    entry.expected == .verdict ? Dispatch.allCases : [.taking(turn: index + turn)]
                cases += dispatches.enumerated().map { number, dispatch in
                    CorpusCase(
                        entry: entry, linkage: linkage, path: path, dispatch: dispatch,
                        rewriting: rewriting(turn: index + turn + number))
                }
            }
        }
        return cases
    }()

    /// Each program in each linkage once, with the dispatches taking turns.
    static let eachOnce: [CorpusCase] = {
        var cases: [CorpusCase] = []
        for (index, entry) in CorpusEntry.all.enumerated() {
            for (turn, linkage) in Linkage.allCases.enumerated() {
                guard let path = linkage.path(of: entry.name) else { continue }
                cases.append(
                    CorpusCase(entry: entry, linkage: linkage, path: path, dispatch: .taking(turn: index + turn)))
            }
        }
        return cases
    }()

    /// Those whose calls mean the same where there is a mirror.
    static let withMirror = eachOnce.filter(\.entry.isSameWithMirror)
}
