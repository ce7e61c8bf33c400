import Glibc
import TestSupport
import Testing

/// The programs of guest-examples with a mirror, of which one side or the other is killed at a random moment.
///
/// Where, how often and when is decided by the seed; `UNDERSTUDY_CORPUS_PASSES` makes it more.
@Suite("guest programs with a mirror", .startsGuests)
struct CorpusTakeoverTests {
    @Test("the table of exceptions names what there is, each with a reason")
    func exceptions() {
        for exception in CorpusEntry.takeoverExceptions {
            let isThere = CorpusEntry.all.contains {
                $0.name == exception.name && $0.arguments == exception.arguments
            }
            #expect(isThere && !exception.reason.isEmpty, "\(exception)")
        }
    }

    @Test("the primary killed: as natively, from both sides together", arguments: TakeoverCase.killed)
    func primaryKilled(_ run: TakeoverCase) async throws {
        try await killPrimary(run, run.command, run.options, as: "guest program, primary killed")
    }

    @Test("its files in a volume, and the primary killed: as natively", arguments: TakeoverCase.inVolume)
    func killedInVolume(_ run: TakeoverCase) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            var command = run.command
            command.environment.append("TMPDIR=\(pair.volume)")
            command.directory = pair.volume
            var options = pair.options(run.options)
            // tmpfile(3) takes no other directory.
            options.unreplicatedPaths = ["/tmp"]
            try await killPrimary(run, command, options, as: "guest program in a volume, primary killed")
        }
    }

    @Test("memory files on another machine, and the primary killed: as natively", arguments: Tracker.allCases)
    func memoryFilesElsewhere(_ tracker: Tracker) async throws {
        let names = ["memory_files", "memory_seals", "shared_with_children"]
        let runs = TakeoverCase.killed.filter { names.contains($0.entry.name) && $0.linkage == .static }
        #expect(runs.count >= names.count)
        for run in runs {
            var options = run.options
            options.tracker = tracker
            options.isAsRemote = true
            try await killPrimary(run, run.command, options, as: "guest program with memory files, primary killed")
        }
    }

    @Test("names that others see, and the primary killed anywhere: each call does its work once", arguments: 0..<12)
    func outsideNames(_ number: Int) async throws {
        let command = Command(try #require(Linkage.static.path(of: "outside_names"), "run make guests"))
        let native = try await NativeRuns.shared.outcome(of: command)
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
        // Most of its life with a mirror, in which each name is waited for.
        let delay = UInt64(generator.below(150_000)) * 1000
        try await killPrimary(
            of: command, ReplicationOptions(tracker: .taking(turn: number)), after: delay, native,
            as: "names outside, primary killed", "outside_names, seed \(TestEnvironment.seed)")
    }

    /// Kills the primary of a case's guest when it is protected and the case's delay is over. What comes out is to be
    /// as the case's own command has it natively.
    private func killPrimary(
        _ run: TakeoverCase, _ command: Command, _ options: ReplicationOptions, as noted: String
    ) async throws {
        let native = try await NativeRuns.shared.outcome(of: run.command)
        let delay = run.delayNanoseconds(nativeSeconds: native.wallSeconds)
        try await killPrimary(of: command, options, after: delay, native, as: noted, run.testDescription)
    }

    private func killPrimary(
        of command: Command, _ options: ReplicationOptions, after delay: UInt64, _ native: CommandOutcome,
        as noted: String, _ described: String
    ) async throws {
        let outcome = try await ReplicatedGuest.with(command, options) { guest in
            try await guest.waitUntilProtected()
            try await Task.sleep(nanoseconds: delay)
            guest.killPrimary()
            return try await guest.waitForEnd()
        }
        do {
            try outcome.requireSame(as: native)
            SoakLog.note(noted, ["takeovers": outcome.didTakeOver ? 1 : 0])
        } catch {
            throw TestFailure("\(described), killed after \(delay / 1000) us: \(error)")
        }
    }

    @Test("the mirror killed: as natively, from the primary alone", arguments: mirroredCases[0])
    func mirrorKilled(_ run: TakeoverCase) async throws {
        let native = try await NativeRuns.shared.outcome(of: run.command)
        let delay = run.delayNanoseconds(nativeSeconds: native.wallSeconds)
        let outcome = try await ReplicatedGuest.with(run.command, run.options) { guest in
            try await guest.waitUntilProtected()
            try await Task.sleep(nanoseconds: delay)
            guest.mirror.send(signal: SIGKILL)
            return try await guest.waitForEnd()
        }
        do {
            try outcome.primary.requireSame(as: native)
            let wasKilled = outcome.mirror.ending == .signalled(SIGKILL)
            let saysSo = outcome.primary.errorText.contains(ReplicatedGuest.unprotectedLine)
            if outcome.mirror.output != [] { throw TestFailure("the mirror said something: \(outcome)") }
            // It may have ended between its mirror's end and noticing it.
            if saysSo, !wasKilled { throw TestFailure("unprotected, but its mirror was not killed: \(outcome)") }
            SoakLog.note("guest program, mirror killed", ["went on unprotected": saysSo ? 1 : 0])
        } catch {
            throw TestFailure("\(run.testDescription), mirror killed after \(delay / 1000) us: \(error)")
        }
    }

    /// Those that map a file that was removed, which a mirror cannot open, are a test of their own.
    private static let mirroredCases = [0, 1].map { TakeoverCase.third($0).filter { !$0.entry.mapsNamelessFile } }

    @Test("a mapped file that was removed: the mirror may refuse it, and the primary goes on and says so")
    func namelessMapping() async throws {
        let runs = (0..<3).flatMap(TakeoverCase.third).filter { $0.entry.mapsNamelessFile }
        #expect(!runs.isEmpty)
        for run in runs {
            let native = try await NativeRuns.shared.outcome(of: run.command)
            let outcome = try await ReplicatedGuest.with(run.command, run.options) { try await $0.waitForEnd() }
            try outcome.primary.requireSame(as: native)
            if outcome.mirror.ending == .exited(0) { continue }
            guard outcome.primary.errorText.contains("which the guest has mapped, cannot be opened on the mirror"),
                outcome.primary.errorText.contains(ReplicatedGuest.unprotectedLine), !outcome.didTakeOver
            else { throw TestFailure("not a refused epoch\n\(outcome)") }
        }
    }

    @Test("neither killed: as natively, and the mirror ends with the guest", arguments: mirroredCases[1])
    func untouched(_ run: TakeoverCase) async throws {
        let native = try await NativeRuns.shared.outcome(of: run.command)
        let outcome = try await ReplicatedGuest.with(run.command, run.options) { try await $0.waitForEnd() }
        try outcome.primary.requireSame(as: native)
        try outcome.requireNoTrouble()
        guard outcome.mirror.ending == .exited(0), outcome.mirror.output == [], !outcome.didTakeOver else {
            throw TestFailure("not the end of a mirror that was not needed\n\(outcome)")
        }
        guard outcome.primary.errorText.contains(ReplicatedGuest.protectedLine) else {
            throw TestFailure("ended without having been protected\n\(outcome)")
        }
    }

    @Test("killed before the mirror has anything: nothing was said, or the mirror goes on", arguments: 0..<8)
    func killedEarly(_ number: Int) async throws {
        let command = Command(try #require(Linkage.static.path(of: "hello"), "run make guests"))
        let native = try await NativeRuns.shared.outcome(of: command)
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
        let delay = UInt64(generator.below(60_000)) * 1000
        try await ReplicatedGuest.with(command, ReplicationOptions(tracker: .taking(turn: number))) { guest in
            try await Task.sleep(nanoseconds: delay)
            guest.killPrimary()
            let primary = try await guest.primary.waitForEnd()
            if primary.errorText.contains(ReplicatedGuest.protectedLine) {
                let outcome = ReplicatedOutcome(primary: primary, mirror: try await guest.mirror.waitForEnd())
                return try outcome.requireSame(as: native)
            }
            // It may have been protected, and killed before it said so.
            guard primary.output == [] else { throw TestFailure("output without a mirror that has it", primary) }
            if let line = Understudy.trouble(in: guest.mirror.errorText) { throw TestFailure("in trouble: \(line)") }
        }
    }
}
