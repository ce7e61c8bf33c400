import Foundation
import TestSupport
import Testing

/// A script of this suite that runs other people's tests natively and as a guest, and compares.
struct ConformanceScript {
    static let directory = TestEnvironment.packageRoot + "/Tests/ConformanceTests/scripts"
    /// `make conformance` asks for all of it; otherwise what fits into `make test`.
    static let isWhole = ProcessInfo.processInfo.environment["UNDERSTUDY_CONFORMANCE"] == "all"

    let name: String
    var options: [String] = []
    var timeoutSeconds = 300.0

    /// Throws, with all that the script said, unless it finds nothing to complain about. Returns what its summary says.
    func run() async throws -> [String: Int] {
        try await ScratchDirectory.with { scratch in
            let summary = scratch.file("summary")
            var command = Command("\(ConformanceScript.directory)/\(name)", options)
            command.arguments += [
                "--understudy", TestEnvironment.understudy, "--results", scratch.file("results"), "--summary", summary,
            ].map { Array($0.utf8) }
            command.timeoutSeconds = timeoutSeconds
            let outcome = try await command.run()
            guard outcome.ending == .exited(0) else { throw TestFailure("\(name) finds differences", outcome) }
            let data = try #require(FileManager.default.contents(atPath: summary))
            return try JSONDecoder().decode([String: Int].self, from: data)
        }
    }
}
