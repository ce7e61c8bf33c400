import Foundation
import TestSupport
import Testing

/// A program of this machine, run in the fixture's directory.
struct ProgramCase: Sendable, CustomTestStringConvertible {
    /// The line as one would type it, without a shell's power: words, and words in single quotes.
    let line: String
    var input = Command.Input.null
    /// False where the files left behind differ from one native run to the next.
    var comparesFiles = true

    var testDescription: String { line }

    init(_ line: String, input: Command.Input = .null, comparesFiles: Bool = true) {
        self.line = line
        self.input = input
        self.comparesFiles = comparesFiles
    }

    func command(in directory: String) throws -> Command {
        var words = ProgramCase.words(of: line)
        let program = try ProgramCase.path(of: words.removeFirst(), from: directory)
        var command = Command(program, words)
        command.input = input
        command.directory = directory
        return command
    }

    private static func words(of line: String) -> [String] {
        var words: [String] = []
        for (index, piece) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            if index % 2 == 1 {
                words.append(String(piece))
            } else {
                words += piece.split(separator: " ").map(String.init)
            }
        }
        return words.map { $0.hasPrefix("@") ? "\(ProgramFixture.scripts)/\($0.dropFirst())" : $0 }
    }

    private static func path(of program: String, from directory: String) throws -> String {
        if program.hasPrefix("/") { return program }
        if program.contains("/") { return "\(directory)/\(program)" }
        for place in ["/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
            let path = "\(place)/\(program)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw TestFailure("\(program) is not installed; run make deps")
    }
}

extension ProgramCase {
    /// Runs it natively, then as a guest in each of several ways, each time in a fresh copy of the same directory, and
    /// compares all there is.
    func compare(with ways: [@Sendable (Command) -> Command]) async throws {
        try await ScratchDirectory.with { scratch in
            let (native, nativeFiles) = try await run(in: scratch) { $0 }
            for way in ways {
                let (guest, guestFiles) = try await run(in: scratch, way)
                try guest.requireSame(as: native)
                guard comparesFiles, guestFiles != nativeFiles else { continue }
                let differing = Set(guestFiles).symmetricDifference(nativeFiles).sorted()
                throw TestFailure("the files left behind differ:\n\(differing.joined(separator: "\n"))", guest)
            }
        }
    }

    private func run(
        in scratch: ScratchDirectory, _ start: (Command) -> Command
    ) async throws -> (outcome: CommandOutcome, files: [String]) {
        // What the run before left there goes; what this one leaves stays, to be looked at.
        try? FileManager.default.removeItem(atPath: scratch.file("work"))
        let directory = try ProgramFixture.make(in: scratch)
        let outcome = try await start(command(in: directory)).run()
        return (outcome, try ProgramFixture.listing(of: directory))
    }
}
