import Foundation
import TestSupport
import Testing

/// Counters of an epoch, a request and a call, under a load that is always the same. A busy machine changes times; it
/// does not change these.
@Suite("counters of an epoch, a request and a call", .startsGuests, .serialized)
struct CounterTests {
    /// So many requests are made first, and then as many as are counted, or none: what starts and ends with a run goes
    /// out of the difference.
    private static let firstRequestCount = 200
    private static let requestCount = 600
    private static let callCounts = (few: 1000, many: 6000)

    /// Sleeping and waking, which depends on who comes first.
    private static let waiting = ["futex"]
    private static let signals = ["tgkill", "rt_tgsigqueueinfo"]
    /// Of redis' own clock, once a second, and of the heartbeats.
    private static let timed = ["clock_nanosleep"]

    @Test("of redis, replicated: one client, a SET at a time", arguments: Tracker.allCases)
    func redis(_ tracker: Tracker) async throws {
        let (few, _) = try await Self.redisRun(0, tracker)
        let (many, pages) = try await Self.redisRun(Self.requestCount, tracker)
        let requests = Double(Self.requestCount)
        func more(_ figure: (CountedRun) throws -> Double) throws -> Double { try figure(many) - figure(few) }
        let epochs = try more { try $0.figure("replication", "epochs") }
        try StoredCounters.check(
            "redis, tracker \(tracker)",
            [
                ("epochs a request", epochs / requests),
                ("pages an epoch", pages.count / epochs),
                ("frames an epoch", try more { try $0.figure("replication", "frames") } / epochs),
                ("bytes of pages a request", pages.byteCount / requests),
                (
                    "epochs handed to another thread an epoch",
                    try more { try $0.figure("replication", "epochs_handed_over") } / epochs
                ),
                ("guest calls a request", try more { try $0.figure("syscalls", "total") } / requests),
                ("guest calls by a signal a request", try more { try $0.figure("syscalls", "caught") } / requests),
                ("host signals a request", try more { $0.calls(Self.signals) } / requests),
                ("host futex calls a request", try more { $0.calls(Self.waiting) } / requests),
                (
                    "other host calls a request",
                    try more { $0.calls(without: Self.waiting + Self.signals + Self.timed) } / requests
                ),
            ])
    }

    /// Also the pages of the counted requests alone: how many there are before them is chance.
    private static func redisRun(_ requests: Int, _ tracker: Tracker) async throws -> (CountedRun, SentPages) {
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            let words = [
                "--port", "\(port)", "--bind", "127.0.0.1", "--dir", scratch.path, "--save", "", "--appendonly", "no",
                "--hz", "1",
            ]
            var options = ReplicationOptions(tracker: tracker)
            // By need only: each reply is held until its epoch is there, and nothing else asks for one.
            options.epoch = "1h"
            options.failureTimeout = "60s"
            options.primaryWords = [
                "--max-hold", "60s", "--report", CountedRun.reportPath(in: scratch), "--pid-file", scratch.file("pid"),
            ]
            let address = "127.0.0.1:\(try FreePort.any())"
            let server = options.primary(Command("/usr/bin/redis-server", words), mirroredAt: address)
            let pages = try await ReplicatedGuest.withMirror(at: address, options) { _ in
                try await CountedRun.traced(server, in: scratch).running { primary in
                    try await primary.waitForOutput("Ready to accept connections")
                    try await primary.waitForErrors(ReplicatedGuest.protectedLine)
                    try await Threads.run { try Self.load(port, Self.firstRequestCount) }
                    let before = try await SentPages(of: try scratch.read("pid"))
                    try await Threads.run { try Self.load(port, requests) }
                    let after = try await SentPages(of: try scratch.read("pid"))
                    try await Threads.run { try Self.end(port) }
                    let outcome = try await primary.waitForEnd()
                    guard outcome.ending == .exited(0) else { throw TestFailure("it did not end cleanly", outcome) }
                    return after - before
                }
            }
            return (try CountedRun(in: scratch), pages)
        }
    }

    private static func load(_ port: UInt16, _ requests: Int) throws {
        let client = try RespClient(port: port)
        for request in 0..<requests {
            try client.expect(.ok, "SET", "key:\(100 + request % 50)", "value \(100_000 + request)")
        }
    }

    private static func end(_ port: UInt16) throws {
        let client = try RespClient(port: port)
        try client.send([["SHUTDOWN", "NOSAVE"].map { Array($0.utf8) }])
        try client.expectEnd()
    }

    @Test(
        "of a guest alone that writes in a loop",
        arguments: [("rewritten", []), ("by the signal path", ["--no-rewrite"])] as [(String, [String])])
    func calls(_ name: String, _ options: [String]) async throws {
        let few = try await Self.callRun(Self.callCounts.few, options)
        let many = try await Self.callRun(Self.callCounts.many, options)
        let calls = Double(Self.callCounts.many - Self.callCounts.few)
        try StoredCounters.check(
            "write, \(name)",
            [
                ("caught by a signal a call", try many.figure("syscalls", "caught") - few.figure("syscalls", "caught")),
                ("host calls a call", many.calls(without: []) - few.calls(without: [])),
            ].map { ($0.0, $0.1 / calls) })
    }

    private static func callRun(_ count: Int, _ options: [String]) async throws -> CountedRun {
        try await ScratchDirectory.with { scratch in
            let guest = Command(TestEnvironment.understudy, ["bench-guest", "calls", "write", "\(count)"])
            let words = options + ["--report", CountedRun.reportPath(in: scratch)]
            let outcome = try await CountedRun.traced(Understudy.run(guest, options: words), in: scratch).run()
            guard outcome.ending == .exited(0) else { throw TestFailure("the guest did not end cleanly", outcome) }
            return try CountedRun(in: scratch)
        }
    }
}
