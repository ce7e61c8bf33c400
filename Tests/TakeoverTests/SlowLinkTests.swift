import Foundation
import TestSupport
import Testing

/// A link that does not keep up: memory stays within what docs/architecture.md states, each step that is taken is
/// counted, and all are taken back once the link recovers.
@Suite("a slow link", .startsGuests)
struct SlowLinkTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rate: SlowLink.Rate
        let seconds: Double

        static let all = [
            Case(testDescription: "1 MB/s", rate: .bytesPerSecond(1_000_000), seconds: 8),
            Case(testDescription: "10 kB/s", rate: .bytesPerSecond(10_000), seconds: 8),
            Case(testDescription: "stopped for 30 s", rate: .stopped, seconds: 30),
        ]
    }

    /// The guest writes to most of these within an epoch, some 100 MB a second: without a limit that would be the
    /// growth.
    private static let pageCount = 256
    private static let regionByteCount = 4 * pageCount * 4096
    private static let limitByteCount = 8 << 20

    /// Twice the limit, the epoch that comes then, and what an allocator and threads' stacks take besides; 11 MB were
    /// seen.
    private static let growthMax = 2 * limitByteCount + regionByteCount + (8 << 20)

    @Test("memory stays within limits, steps are taken and taken back, a takeover is right", arguments: Case.all)
    func slow(_ run: Case) async throws {
        let program = try #require(Linkage.static.path(of: "dirty_page"), "run make guests")
        // It goes on until its input ends: that of the mirror has nothing in it.
        var command = Command(program, ["\(Self.pageCount)", "0"])
        let native = try await NativeRuns.shared.outcome(of: command)
        command.input = .held
        var options = ReplicationOptions(tracker: .kernel)
        options.failureTimeout = "120s"
        options.primaryWords = ["--queue-limit", "8M", "--compress", "off"]
        let port = try FreePort.any()
        let outcome = try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(port)", options) { mirror in
            try await SlowLink.with(to: port) { link in
                try await options.primary(command, mirroredAt: "127.0.0.1:\(link.port)").running { primary in
                    try await primary.waitForErrors(ReplicatedGuest.protectedLine)
                    try await Self.congest(link, run, primary, mirror)
                    try await Self.recover(link, primary)
                    primary.send(signal: SIGKILL)
                    return ReplicatedOutcome(
                        primary: try await primary.waitForEnd(), mirror: try await mirror.waitForEnd())
                }
            }
        }
        try #require(outcome.didTakeOver, "\(outcome)")
        try outcome.requireSame(as: native)
    }

    /// Holds both sides' memory against its limit for as long as the link is bad.
    private static func congest(
        _ link: SlowLink, _ run: Case, _ primary: RunningCommand, _ mirror: RunningCommand
    ) async throws {
        let sides = [("primary", primary.pid), ("mirror", mirror.pid)]
        let before = try sides.map { try SupervisorMemory.residentByteCount(of: $0.1) }
        link.set(run.rate)
        let deadline = Date(timeIntervalSinceNow: run.seconds)
        while Date() < deadline {
            try await Task.sleep(nanoseconds: 50_000_000)
            for (index, (name, pid)) in sides.enumerated() {
                let growth = try SupervisorMemory.residentByteCount(of: pid) - before[index]
                guard growth <= growthMax else {
                    throw TestFailure("the \(name) has grown by \(growth) bytes, beyond \(growthMax)")
                }
            }
        }
        let status = try await Control.status(of: primary.pid)
        let pace = try #require(status["pace"] as? [String: Int])
        for step in ["merged", "stretched", "slowed"] { #expect(pace[step] ?? 0 > 0, "\(step): \(status)") }
        #expect(status["slowed_percent"] as? Int ?? 0 > 0, "\(status)")
        #expect(status["activity"] as? String != "keeping up", "\(status)")
    }

    /// Lets everything pass, and waits until nothing is done about the link any more.
    private static func recover(_ link: SlowLink, _ primary: RunningCommand) async throws {
        link.set(.unlimited)
        let deadline = Date(timeIntervalSinceNow: 60)
        while true {
            let status = try await Control.status(of: primary.pid)
            let pace = try #require(status["pace"] as? [String: Int])
            let taken = (pace["stretched"] ?? 0) + (pace["slowed"] ?? 0)
            if status["activity"] as? String == "keeping up", pace["recovered"] == taken { return }
            if Date() > deadline { throw TestFailure("not recovered: \(status)") }
            try await Task.sleep(nanoseconds: 50_000_000)
        }
    }
}
