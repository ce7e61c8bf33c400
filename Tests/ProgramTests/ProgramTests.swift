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

    @Test("as natively", arguments: ProgramCase.all, Dispatch.allCases)
    func asNatively(_ program: ProgramCase, _ dispatch: Dispatch) async throws {
        try await program.compare(dispatch: dispatch)
    }

    @Test("as natively, stopped and resumed at random moments", arguments: turns)
    func withStops(_ program: ProgramCase, _ dispatch: Dispatch) async throws {
        try await program.compare(dispatch: dispatch, testStops: TestEnvironment.seed)
    }
}
