import Foundation
import TestSupport
import Testing

/// The primary dies at a named point (`run --test-fault`), and an observer outside that has noted all that it saw looks
/// whether it is the history of one uninterrupted run: numbered records over six kinds of output.
///
/// `UNDERSTUDY_FAULT_BYTES` makes a sweep over so many bytes of the link, one by one, of what is otherwise a sample.
@Suite("death at every stage of an epoch", .startsGuests)
struct FaultPointTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let point: String
        let count: Int
        let tracker: Tracker

        var testDescription: String { "\(point):\(count), \(tracker), seed \(TestEnvironment.seed)" }
    }

    private static let points = [
        "capture", "captured", "encode", "sent", "committed", "release", "release-part", "released",
    ]

    /// Early, where the epochs are the first ones, and somewhere later.
    private static let stages: [Fault] = points.enumerated().flatMap { index, point in
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 17 &+ UInt64(index))
        return [1, 2, 3 + generator.below(10), 13 + generator.below(30)].enumerated().map { turn, count in
            Fault(point: point, count: count, tracker: .taking(turn: index + turn))
        }
    }

    /// What some small epochs come to.
    private static let sampledByteCount = 12_000
    private static let bytes: [Fault] = {
        if let count = Int(ProcessInfo.processInfo.environment["UNDERSTUDY_FAULT_BYTES"] ?? "") {
            return (1...max(1, count)).map { Fault(point: "frame", count: $0, tracker: .taking(turn: $0)) }
        }
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 19)
        return (0..<32).map { number in
            Fault(point: "frame", count: 1 + generator.below(sampledByteCount), tracker: .taking(turn: number))
        }
    }()

    @Test("the outside has seen one uninterrupted run", arguments: stages)
    func stage(_ fault: Fault) async throws {
        try await FaultPointTests.observe(fault)
    }

    @Test("cut off after any byte of the link", arguments: bytes)
    func byte(_ fault: Fault) async throws {
        try await FaultPointTests.observe(fault)
    }

    private static let observer = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/observer.py"
    private static let recordCount = 120

    private static func observe(_ fault: Fault) async throws {
        try await ScratchDirectory.with { scratch in
            let words = [
                observer, scratch.path, "\(recordCount)", TestEnvironment.understudy, "run", "--mirror", "local",
                "--epoch", "4ms", "--tracker", fault.tracker.rawValue, "--test-fault", "\(fault.point):\(fault.count)",
            ]
            let outcome = try await Command("/usr/bin/python3", words).run()
            guard outcome.ending == .exited(0) else { throw TestFailure("another history", outcome) }
            // With many records in one epoch there may be fewer than were to come by.
            let isHit = outcome.outputText == "killed True\n"
            if !isHit, fault.count <= 2 { throw TestFailure("not killed, or nobody took over", outcome) }
            SoakLog.note("death at a named point", ["of them in time": isHit ? 1 : 0])
        }
    }

    @Test(
        "names and numbers that are none: 64", arguments: ["", "nowhere", "frame:", "frame:0", "frame:-1", "sent:1:2"])
    func usage(_ word: String) async throws {
        let options = ["--mirror", "127.0.0.1:9", "--test-fault", word]
        let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: options).run()
        let names =
            "use one of capture, captured, encode, frame, sent, committed, release, release-part, released, "
            + "child-change, call, wait"
        #expect(outcome.ending == .exited(64) && outcome.errorText.contains(names), "\(outcome)")
    }
}
