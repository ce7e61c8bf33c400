import TestSupport
import Testing

/// The small self-checking programs of guest-examples, natively and as guests.
///
/// What is covered: each row of corpus.txt in each linkage that is built, under each dispatch; each row of the tables
/// of exits and signals in each linkage, under one dispatch each; and all rows in each linkage once more, stopped and
/// resumed at random moments, under one dispatch each; and each in one linkage with its output held as for a mirror.
@Suite("guest programs", .startsGuests)
struct CorpusTests {
    @Test("the tables and the programs are there")
    func tables() throws {
        #expect(CorpusEntry.verdicts.count >= 20, "is \(TestEnvironment.guestExamples)/corpus.txt there?")
        for entry in CorpusEntry.all {
            for linkage in [Linkage.static, .dynamic] {
                #expect(linkage.path(of: entry.name) != nil, "\(linkage) \(entry.name) is not built: run make guests")
            }
        }
    }

    @Test("natively as the tables say", arguments: CorpusCase.eachOnce)
    func natively(_ run: CorpusCase) async throws {
        try run.entry.requireExpected(await NativeRuns.shared.outcome(of: run.command))
    }

    @Test("as natively", arguments: CorpusCase.all)
    func asGuest(_ run: CorpusCase) async throws {
        let guest = try await Understudy.run(run.command, dispatch: run.dispatch, options: run.rewriting).run()
        try guest.requireSame(as: await NativeRuns.shared.outcome(of: run.command))
    }

    @Test("as natively, stopped and resumed at random moments", arguments: CorpusCase.eachOnce)
    func withStops(_ run: CorpusCase) async throws {
        let command = Understudy.run(
            run.command, dispatch: run.dispatch, testStops: TestEnvironment.seed,
            options: CorpusCase.rewriting(turn: 0))
        try await command.run().requireSame(as: NativeRuns.shared.outcome(of: run.command))
    }

    @Test(
        "as natively, with all output held and committed at random moments",
        arguments: CorpusCase.withMirror.filter { $0.linkage == .dynamic })
    func withCommits(_ run: CorpusCase) async throws {
        let options = ["--test-commits", String(TestEnvironment.seed)]
        let command = Understudy.run(run.command, dispatch: run.dispatch, options: options)
        try await command.run().requireSame(as: NativeRuns.shared.outcome(of: run.command))
    }

    @Test(
        "as natively, with all output held until the mirror is lost",
        arguments: CorpusCase.withMirror.filter { $0.linkage == .static })
    func withLoss(_ run: CorpusCase) async throws {
        let options = ["--test-commits", "\(TestEnvironment.seed):\(TestEnvironment.seed % 10)"]
        let command = Understudy.run(run.command, dispatch: run.dispatch, options: options)
        try await command.run().requireSame(as: NativeRuns.shared.outcome(of: run.command))
    }
}
