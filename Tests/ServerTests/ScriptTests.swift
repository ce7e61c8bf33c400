import Foundation
import TestSupport
import Testing

/// Scripts in languages that people use. `UNDERSTUDY_ROUNDS` makes more rounds with a takeover: a fiftieth of it.
@Suite("scripts that people run", .startsGuests)
struct ScriptTests {
    @Test("alone: as natively", arguments: TestedScript.allCases)
    func alone(_ script: TestedScript) async throws {
        let native = try await NativeRuns.shared.outcome(of: script.command)
        #expect(native.ending == .exited(0))
        try await Understudy.run(script.command).run().requireSame(as: native)
    }

    @Test("the primary killed: each line at least once, no gap", arguments: ServerRound<TestedScript>.all)
    func killed(_ turn: ServerRound<TestedScript>) async throws {
        let native = try await NativeRuns.shared.outcome(of: turn.tested.command)
        let outcome = try await ReplicatedGuest.with(turn.tested.command, turn.round.options) { pair in
            try await pair.waitUntilProtected()
            try await pair.primary.waitForOutput("line 3")
            try await Task.sleep(nanoseconds: turn.round.delayNanoseconds)
            pair.killPrimary()
            return try await pair.waitForEnd()
        }
        try outcome.requireSame(as: native)
        guard outcome.didTakeOver else { throw TestFailure("it had ended before it was killed: \(outcome)") }
        let lineCount = outcome.mirror.outputText.split(separator: "\n").count
        SoakLog.note("\(turn.tested) script, primary killed", ["lines after the takeover": lineCount])
    }

    @Test("processes that share memory and semaphores: as natively, protected to the end", arguments: Tracker.allCases)
    func processes(_ tracker: Tracker) async throws {
        let command = Command("/usr/bin/python3", [TestEnvironment.guestExamples + "/servers/processes.py"])
        let native = try await NativeRuns.shared.outcome(of: command)
        #expect(native.ending == .exited(0))
        let options = ReplicationOptions(tracker: tracker)
        let outcome = try await ReplicatedGuest.with(command, options) { try await $0.waitForEnd() }
        try outcome.primary.requireSame(as: native)
        try outcome.requireNoTrouble()
        let isProtected = !outcome.primary.errorText.contains(ReplicatedGuest.unprotectedLine)
        #expect(isProtected && outcome.mirror.ending == .exited(0), "\(outcome)")
    }
}
