import Replication
import Testing

/// All orders of events, not only those that make sense: what a decision does must be safe in each.
@Suite("every order of events")
struct EveryOrderTests {
    /// Events of a primary, and time. Some stand for two events that come together.
    enum PrimaryLetter: CaseIterable, Sendable {
        case firstEpoch, ack, beat, answer, close, refused, alive, heardTakeover, died, diedTakenOver, refusedEpoch
        case fenced, notFenced, tick, freeze, guestEnd
    }

    enum MirrorLetter: CaseIterable, Sendable {
        case commit, refuseEpoch, heartbeat, close, refused, alive, died, fenced, notFenced, tick, freeze, bye
        case interrupt
    }

    /// A side, its clock, and what the next letters count on from.
    struct PlayedPrimary {
        var primary: CheckedPrimary
        var now = 1000 * millisecond
        var epoch: UInt64 = 0
        var sequence: UInt64 = 0
    }

    struct PlayedMirror {
        var mirror: CheckedMirror
        var now = 1000 * millisecond
        var epoch: UInt64 = 0
    }

    static let primarySettings: [CheckedPrimary.Settings] = [
        .init(), .init(fence: .kill), .init(fence: .command), .init(canProbe: false), .init(failureTimeout: nil),
        .init(silencePolicy: .goOnUnsafely), .init(fence: .kill, silencePolicy: .goOnUnsafely),
    ]

    static let mirrorSettings: [CheckedMirror.Settings] = [
        .init(), .init(fence: .kill), .init(canProbe: false), .init(failureTimeout: nil),
        .init(failureTimeout: nil, fence: .kill),
    ]

    /// Where the sequences begin: at once; protected; after a long silence, and with a link that closed before it.
    static let primaryPrefixes: [[PrimaryLetter]] = [
        [], [.firstEpoch, .beat, .answer, .ack], [.firstEpoch, .beat, .answer, .beat] + silence(.tick),
        [.firstEpoch, .beat, .close] + silence(.tick),
    ]

    static let mirrorPrefixes: [[MirrorLetter]] = [
        [], [.commit, .heartbeat], [.commit] + silence(.tick), [.commit, .close] + silence(.tick), silence(.tick),
    ]

    /// Two failure timeouts less a tick.
    private static func silence<Letter>(_ tick: Letter) -> [Letter] {
        Array(repeating: tick, count: 19)
    }

    @Test("a primary keeps the rules", arguments: primarySettings)
    func primary(settings: CheckedPrimary.Settings) {
        var orders = EveryOrder<PlayedPrimary, PrimaryLetter>(
            play: Self.play, violation: { $0.primary.violation }, hasEnded: { $0.primary.hasEnded })
        for prefix in Self.primaryPrefixes {
            var start = PlayedPrimary(primary: CheckedPrimary(settings))
            start.primary.handle(.linkEstablished, now: start.now)
            for letter in prefix { _ = Self.play(letter, &start) }
            orders.walk(from: start, after: prefix, length: prefix.isEmpty ? 6 : 5)
        }
        if let failure = orders.failure { Issue.record("\(failure) (\(settings))") }
        #expect(orders.sequenceCount > 10_000)
    }

    @Test("a mirror keeps the rules", arguments: mirrorSettings)
    func mirror(settings: CheckedMirror.Settings) {
        var orders = EveryOrder<PlayedMirror, MirrorLetter>(
            play: Self.play, violation: { $0.mirror.violation }, hasEnded: { $0.mirror.hasEnded })
        for prefix in Self.mirrorPrefixes {
            var start = PlayedMirror(mirror: CheckedMirror(settings))
            start.mirror.handle(.linkEstablished, now: start.now)
            for letter in prefix { _ = Self.play(letter, &start) }
            orders.walk(from: start, after: prefix, length: prefix.isEmpty ? 7 : 6)
        }
        if let failure = orders.failure { Issue.record("\(failure) (\(settings))") }
        #expect(orders.sequenceCount > 10_000)
    }

    private static func play(_ letter: PrimaryLetter, _ played: inout PlayedPrimary) -> Bool {
        played.now += millisecond
        let event: PrimaryEvent
        switch letter {
        case .firstEpoch: event = .firstEpochSent
        case .ack:
            played.epoch += 1
            event = .ack(epoch: played.epoch)
        case .beat:
            played.sequence += 1
            event = .heartbeatSent(sequence: played.sequence, at: played.now)
        case .answer: event = .heartbeatAnswered(sequence: played.sequence)
        case .close: event = .linkClosed
        case .refused: event = .probeFinished(.refused)
        case .alive: event = .probeFinished(.alive)
        case .heardTakeover: event = played.primary.isProbing ? .probeFinished(.tookOver) : .mirrorTookOver
        case .died: event = .mirrorDied(hadTakenOver: false)
        case .diedTakenOver: event = .mirrorDied(hadTakenOver: true)
        case .refusedEpoch: event = .epochRefused("")
        case .fenced: event = .fenced(true)
        case .notFenced: event = .fenced(false)
        case .tick, .freeze:
            played.now += (letter == .tick ? 50 : 600) * millisecond
            event = .tick
        case .guestEnd: event = .guestEnded(finalEpoch: played.epoch + 1)
        }
        switch event {
        case .probeFinished where !played.primary.isProbing, .fenced where !played.primary.isFencing: return false
        default: break
        }
        played.primary.handle(event, now: played.now)
        return true
    }

    private static func play(_ letter: MirrorLetter, _ played: inout PlayedMirror) -> Bool {
        played.now += millisecond
        let event: MirrorEvent
        switch letter {
        case .commit:
            played.epoch += 1
            event = .epochCommitted(played.epoch)
        case .refuseEpoch: event = .epochRefusedByUs("")
        case .heartbeat: event = .heartbeatReceived
        case .close: event = .linkClosed
        case .refused: event = .probeFinished(.refused)
        case .alive: event = .probeFinished(.alive)
        case .died: event = .primaryDied
        case .fenced: event = .fenced(true)
        case .notFenced: event = .fenced(false)
        case .tick, .freeze:
            played.now += (letter == .tick ? 50 : 600) * millisecond
            event = .tick
        case .bye: event = .byeReceived
        case .interrupt: event = .interrupted
        }
        switch event {
        case .probeFinished where !played.mirror.isProbing, .fenced where !played.mirror.isFencing: return false
        default: break
        }
        played.mirror.handle(event, now: played.now)
        return true
    }
}
