import Foundation

/// A guest under `understudy run --mirror`, and the mirror: two processes that a test has started.
public struct ReplicatedGuest: Sendable {
    public let primary: RunningCommand
    public let mirror: RunningCommand
    /// Where the mirror listens.
    public let address: String

    /// What both sides say once something has come about.
    public static let protectedLine = "understudy: protected by "
    public static let takeoverLine = "understudy: took over at epoch "
    public static let unprotectedLine = "understudy: going on unprotected: "

    /// Runs `body` beside a guest and its mirror, which are both killed afterwards if they still run.
    public static func with<Result>(
        _ guest: Command, _ options: ReplicationOptions = ReplicationOptions(),
        _ body: (ReplicatedGuest) async throws -> Result
    ) async throws -> Result {
        let address = "127.0.0.1:\(try FreePort.any())"
        return try await withMirror(at: address, options, timeoutSeconds: guest.timeoutSeconds) { mirror in
            try await options.primary(guest, mirroredAt: address).running { primary in
                try await body(ReplicatedGuest(primary: primary, mirror: mirror, address: address))
            }
        }
    }

    /// Runs `body` beside a mirror that can be reached.
    public static func withMirror<Result>(
        at address: String, _ options: ReplicationOptions = ReplicationOptions(), timeoutSeconds: Double = 120,
        _ body: (RunningCommand) async throws -> Result
    ) async throws -> Result {
        var command = options.mirror(listeningOn: address)
        command.timeoutSeconds = timeoutSeconds
        return try await command.running { mirror in
            try await mirror.waitForErrors("understudy: listening on \(address)\n")
            return try await body(mirror)
        }
    }

    /// Waits until the mirror has the guest's first epoch; throws if the primary ends without saying so.
    public func waitUntilProtected() async throws {
        try await primary.waitForErrors(ReplicatedGuest.protectedLine)
    }

    /// Waits until the guest runs in the mirror; throws if the mirror ends without saying so.
    public func waitForTakeover() async throws {
        try await mirror.waitForErrors(ReplicatedGuest.takeoverLine)
    }

    /// Waits until the primary has said that it has no mirror any more; throws if it ends without saying so.
    public func waitUntilUnprotected() async throws {
        try await primary.waitForErrors(ReplicatedGuest.unprotectedLine)
    }

    public func killPrimary() { primary.send(signal: SIGKILL) }

    /// Kills both, some microseconds apart. The one that dies last may have noticed: a primary lets out what it held
    /// for a mirror that is gone.
    public func killBoth(primaryFirst: Bool) {
        if primaryFirst { killPrimary() }
        mirror.send(signal: SIGKILL)
        if !primaryFirst { killPrimary() }
    }

    /// Stops all threads of the primary, and waits until they are.
    public func stopPrimary() async throws { try await ReplicatedGuest.stop(primary) }

    public func continuePrimary() { primary.send(signal: SIGCONT) }

    /// Stops all threads of a process by SIGSTOP, and waits until they are.
    public static func stop(_ process: RunningCommand) async throws {
        process.send(signal: SIGSTOP)
        let directory = "/proc/\(process.pid)/task"
        for _ in 0..<2000 {
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            if !threads.isEmpty, threads.allSatisfy({ isStopped("\(directory)/\($0)/stat") }) { return }
            try await Task.sleep(nanoseconds: 1_000_000)
        }
        throw TestFailure("process \(process.pid) did not stop")
    }

    private static func isStopped(_ path: String) -> Bool {
        // A thread that has just ended has no file any more.
        guard let data = FileManager.default.contents(atPath: path) else { return true }
        // "pid (name) state …", where the name may hold anything.
        let state = String(decoding: data, as: UTF8.self).split(separator: ")").last?.dropFirst().first
        return state == "T"
    }

    /// Waits for the end of both.
    public func waitForEnd() async throws -> ReplicatedOutcome {
        let primary = try await primary.waitForEnd()
        return ReplicatedOutcome(primary: primary, mirror: try await mirror.waitForEnd())
    }
}
