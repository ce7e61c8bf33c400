import Foundation
import TestSupport
import Testing

/// Debian's redis-server with a mirror, under clients that log what was acknowledged.
///
/// `UNDERSTUDY_ROUNDS` makes more rounds than the usual 20, and shares of that in the tests beside the first.
@Suite("redis-server with a mirror", .startsGuests)
struct RedisTakeoverTests {
    @Test("the primary killed: nothing acknowledged is lost, no counter is ahead", arguments: KillRound.all())
    func killed(_ round: KillRound) async throws {
        try await ReplicatedRedis.with(round.options) { redis in
            let load = AcknowledgedLoad(port: redis.port)
            try await load.run {
                try await load.waitForProgress(of: 10)
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                redis.guest.killPrimary()
                try await Self.requireTakeover(redis, within: .seconds(5))
                try await load.waitForProgress(of: 20)
            }
            try await Threads.run { try load.requireEverything("redis, primary killed") }
            try await redis.terminate(redis.guest.mirror, byCommand: round.number % 2 == 0)
        }
    }

    /// By the peer's end, not by its silence: the failure timeout is longer than this.
    private static func requireTakeover(_ redis: ReplicatedRedis, within limit: Duration) async throws {
        let started = ContinuousClock.now
        try await redis.guest.waitForTakeover()
        let duration = started.duration(to: .now)
        if duration > limit { throw TestFailure("the takeover took \(duration)") }
    }

    @Test("the primary stopped: fenced, and nothing is lost", arguments: KillRound.all(share: 0.2))
    func stopped(_ round: KillRound) async throws {
        var options = round.options
        options.failureTimeout = "300ms"
        options.isAsRemote = false
        try await ReplicatedRedis.with(options) { redis in
            let load = AcknowledgedLoad(port: redis.port)
            try await load.run {
                try await load.waitForProgress(of: 10)
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                try await redis.guest.stopPrimary()
                try await redis.guest.waitForTakeover()
                let primary = try await redis.guest.primary.waitForEnd()
                guard primary.ending == .signalled(SIGKILL) else { throw TestFailure("not fenced", primary) }
                try await load.waitForProgress(of: 20)
            }
            try await Threads.run { try load.requireEverything("redis, primary stopped") }
            try await redis.terminate(redis.guest.mirror, byCommand: round.number % 2 == 0)
        }
    }

    @Test("stopped far away, continued after the takeover: says nothing", arguments: KillRound.all(share: 0.2))
    func continued(_ round: KillRound) async throws {
        var options = round.options
        options.failureTimeout = "300ms"
        options.isAsRemote = true
        try await ReplicatedRedis.with(options) { redis in
            let load = AcknowledgedLoad(port: redis.port, reconnectSeconds: 20)
            try await load.run {
                try await load.waitForProgress(of: 10)
                let early = try RawConnection(port: redis.port)
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                try await redis.guest.stopPrimary()
                // The stopped process still owns the port: its kernel makes the connection.
                let late = try RawConnection(port: redis.port)
                for connection in [early, late] { try connection.send(Array("PING\r\n".utf8)) }
                try await redis.guest.waitForTakeover()
                // It says that it cannot listen yet.
                try await redis.guest.mirror.waitForErrors(String(redis.port))
                redis.guest.continuePrimary()
                for connection in [early, late] {
                    let (bytes, end) = connection.receiveAll(silenceMilliseconds: 10_000)
                    guard bytes == [], end == .closed else {
                        throw TestFailure("the old primary said \(bytes.count) bytes, then \(end)")
                    }
                }
                let primary = try await redis.guest.primary.waitForEnd()
                guard primary.ending == .exited(125) else { throw TestFailure("superseded, but goes on", primary) }
                try await load.waitForProgress(of: 20)
            }
            try await Threads.run { try load.requireEverything("redis, primary stopped and continued") }
            try await redis.terminate(redis.guest.mirror, byCommand: round.number % 2 == 0)
        }
    }

    @Test("the mirror killed: no client notices", arguments: KillRound.all(share: 0.3))
    func mirrorKilled(_ round: KillRound) async throws {
        try await ReplicatedRedis.with(round.options) { redis in
            let load = AcknowledgedLoad(port: redis.port, reconnectSeconds: 0)
            try await load.run {
                try await load.waitForProgress(of: 10)
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                redis.guest.mirror.send(signal: SIGKILL)
                try await redis.guest.waitUntilUnprotected()
                try await load.waitForProgress(of: 20)
            }
            try await Threads.run { try load.requireEverything("redis, mirror killed") }
            try await redis.terminate(redis.guest.primary, byCommand: round.number % 2 == 0)
        }
    }

    @Test("the mirror paused for less than the timeout: clients wait, no more", arguments: KillRound.all(share: 0.1))
    func mirrorPaused(_ round: KillRound) async throws {
        try await ReplicatedRedis.with(round.options) { redis in
            let load = AcknowledgedLoad(port: redis.port, reconnectSeconds: 0)
            try await load.run {
                try await load.waitForProgress(of: 10)
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                try await ReplicatedGuest.stop(redis.guest.mirror)
                try await Task.sleep(nanoseconds: 100_000_000)
                let before = load.logs.map(\.acknowledged.count)
                try await Task.sleep(nanoseconds: 300_000_000)
                guard load.logs.map(\.acknowledged.count) == before else {
                    throw TestFailure("acknowledged without the mirror")
                }
                redis.guest.mirror.send(signal: SIGCONT)
                try await load.waitForProgress(of: 20)
            }
            try await Threads.run { try load.requireEverything("redis, mirror paused") }
            try await redis.terminate(redis.guest.primary, byCommand: round.number % 2 == 0)
            let mirror = try await redis.guest.mirror.waitForEnd()
            guard mirror.ending == .exited(0) else { throw TestFailure("the guest ended on the primary", mirror) }
        }
    }
}
