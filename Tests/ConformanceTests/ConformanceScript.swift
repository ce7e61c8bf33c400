import Foundation
import TestSupport
import Testing

/// A script of this suite that runs other people's tests natively and as a guest, and compares.
struct ConformanceScript {
    static let directory = TestEnvironment.packageRoot + "/Tests/ConformanceTests/scripts"

    private struct Summary: Decodable {
        let total: [String: Int]
    }

    let name: String
    var options: [String] = []

    /// Throws, with all that the script said, unless it finds nothing to complain about. Returns its sums.
    func run() async throws -> [String: Int] {
        try await ScratchDirectory.with { scratch in
            let summary = scratch.file("summary")
            var command = Command("\(ConformanceScript.directory)/\(name)", options)
            command.arguments += [
                "--understudy", TestEnvironment.understudy, "--results", scratch.file("results"), "--summary", summary,
            ].map { Array($0.utf8) }
            command.timeoutSeconds = 300
            let outcome = try await command.run()
            guard outcome.ending == .exited(0) else { throw TestFailure("\(name) finds differences", outcome) }
            let data = try #require(FileManager.default.contents(atPath: summary))
            return try JSONDecoder().decode(Summary.self, from: data).total
        }
    }

    /// The comparison itself, on outcomes made up.
    func selfTest() async throws {
        let outcome = try await Command("\(ConformanceScript.directory)/\(name)", ["--self-test"]).run()
        try #require(outcome.ending == .exited(0), "\(outcome)")
    }
}
