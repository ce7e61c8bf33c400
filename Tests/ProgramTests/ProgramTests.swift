import Foundation
import TestSupport
import Testing

/// Ordinary programs of this machine: output, exit status and the files they leave are as natively.
///
/// Each runs under each dispatch, and once more stopped and resumed at random moments.
@Suite("ordinary programs", .startsGuests)
struct ProgramTests {
    private static let turns: [(ProgramCase, Dispatch)] = ProgramCase.all.enumerated().map { index, program in
        (program, .taking(turn: index))
    }

    @Test("as natively", arguments: turns)
    func asNatively(_ program: ProgramCase, _ dispatchForStops: Dispatch) async throws {
        var ways: [@Sendable (Command) -> Command] = Dispatch.allCases.map { dispatch in
            { Understudy.run($0, dispatch: dispatch) }
        }
        ways.append { Understudy.run($0, dispatch: dispatchForStops, testStops: TestEnvironment.seed) }
        try await program.compare(with: ways)
    }
}
