import Foundation
import TestSupport
import Testing

/// A link that loses, changes or adds something on the way.
///
/// Whatever happens to it, at most one side goes on with the guest, and together they print what the program prints. On
/// two machines with nothing to fence by, a silence may leave none: who cannot know whether the other goes on holds.
@Suite("a bad link", .startsGuests)
struct LinkFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let number: Int
        let fault: LinkFault
        let asRemote: Bool

        var testDescription: String {
            "\(number): \(fault)\(asRemote ? ", as remote" : ""), seed \(TestEnvironment.seed)"
        }

        /// Every kind in every direction, early and late, on one machine and as if on two.
        static let all: [Case] = (0..<KillRound.count).map { number in
            var generator = SeededGenerator(seed: TestEnvironment.seed &* 31 &+ UInt64(number))
            let kind = LinkFault.Kind.allCases[number % LinkFault.Kind.allCases.count]
            let direction = LinkFault.Direction.allCases[number / 4 % 2]
            // The handshake is at the beginning; the first epoch and what follows are far longer than the answers.
            let most = direction == .toMirror ? [200, 20_000, 400_000] : [200, 400, 2000]
            let offset = generator.below(most[generator.below(3)])
            return Case(number: number, fault: LinkFault(kind, direction, at: offset), asRemote: number / 8 % 2 == 1)
        }
    }

    @Test("harms nobody", arguments: Case.all)
    func fault(_ run: Case) async throws {
        let command = Command(try #require(Linkage.static.path(of: "hello"), "run make guests"), ["80"])
        let native = try await NativeRuns.shared.outcome(of: command)
        var options = ReplicationOptions(tracker: .taking(turn: run.number))
        options.failureTimeout = "300ms"
        options.isAsRemote = run.asRemote
        let port = try FreePort.any()
        try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(port)", options) { mirror in
            try await LinkProxy.with(to: port, run.fault) { proxy in
                let address = "127.0.0.1:\(proxy.port)"
                try await options.primary(command, mirroredAt: address).running { primary in
                    let mayHold = run.asRemote && run.fault.kind == .silence
                    let wasHeld = mayHold ? try await Self.endWhereHeld(primary) : false
                    let ended = try await primary.waitForEnd()
                    if wasHeld, !mirror.errorText.contains(ReplicatedGuest.takeoverLine) {
                        // Nobody has gone on.
                        guard native.output.starts(with: ended.output) else { throw TestFailure("not a prefix", ended) }
                    } else {
                        try await Self.require(native, ended, mirror)
                    }
                    SoakLog.note("bad link", ["faults that came about": proxy.hasStruck ? 1 : 0])
                }
            }
        }
    }

    /// Kills a primary that cannot know whether its mirror has gone on, as whoever looks after the two machines would.
    private static func endWhereHeld(_ primary: RunningCommand) async throws -> Bool {
        for _ in 0..<300 where primary.isRunning { try await Task.sleep(nanoseconds: 10_000_000) }
        guard primary.isRunning, primary.errorText.contains("understudy: holding output") else { return false }
        primary.kill()
        return true
    }

    private static func require(
        _ native: CommandOutcome, _ primary: CommandOutcome, _ mirror: RunningCommand
    ) async throws {
        if let line = Understudy.trouble(in: primary.errorText + mirror.errorText) {
            throw TestFailure("in trouble: \(line)", primary)
        }
        // Fenced or superseded: the mirror has it. Natively this program is not ended by a signal.
        let isFenced = primary.ending == .signalled(SIGKILL)
        let isSuperseded = primary.ending == .exited(125) && primary.errorText.contains("understudy: superseded")
        if isFenced || isSuperseded {
            let outcome = ReplicatedOutcome(primary: primary, mirror: try await mirror.waitForEnd())
            guard outcome.didTakeOver, outcome.mirror.ending == native.ending else {
                throw TestFailure("the primary is gone, and the mirror did not go on\n\(outcome)")
            }
            let output = TakeoverOutput(primary: primary.output, mirror: outcome.mirror.output)
            if let problem = output.problem(expected: native.output) { throw TestFailure("\(problem)\n\(outcome)") }
            return
        }
        if mirror.errorText.contains(ReplicatedGuest.takeoverLine) {
            throw TestFailure("both went on\n\(mirror.errorText)", primary)
        }
        // No link came about: nothing ran.
        if primary.ending == .exited(125), primary.output == [] { return }
        try primary.requireSame(as: native)
    }
}
