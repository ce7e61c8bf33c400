import Foundation
import TestSupport
import Testing

/// Debian's redis-server as a guest, with real clients beside it.
@Suite("redis-server as a guest", .startsGuests)
struct RedisTests {
    private static let everyManner = RedisServer.Manner.guests + [.stopped(.inclusive)]

    @Test("answers, and ends cleanly at SIGTERM", arguments: [.natively] + everyManner)
    func answers(_ manner: RedisServer.Manner) async throws {
        try await RedisServer.with(manner) { server in
            try await Threads.run { try Self.talk(to: server.port) }
            try await server.terminate()
        }
    }

    private static func talk(to port: UInt16) throws {
        let client = try RespClient(port: port)
        try client.expect(.simple("PONG"), "PING")
        try client.expect(.ok, "SET", "name", "value")
        try client.expect(.text("value"), "GET", "name")
        try client.expect(.null, "GET", "none")
        try client.expect(.integer(3), "LPUSH", "list", "a", "b", "c")
        try client.expect(.array([.text("c"), .text("b"), .text("a")]), "LRANGE", "list", "0", "-1")
        try client.expect(.integer(1), "HSET", "hash", "field", "1")
        try client.expect(.integer(2), "SADD", "set", "x", "y")
        try client.expect(.integer(2), "ZADD", "sorted", "1.5", "one", "2.5", "two")
        try client.expect(.text("2.5"), "ZSCORE", "sorted", "two")
        try client.expect(.ok, "MULTI")
        try client.expect(.simple("QUEUED"), "INCR", "count")
        try client.expect(.simple("QUEUED"), "INCRBY", "count", "41")
        try client.expect(.array([.integer(1), .integer(42)]), "EXEC")
        try client.expect(.integer(42), "EVAL", "return tonumber(redis.call('GET', KEYS[1]))", "1", "count")
        try client.expect(.ok, "SET", "short", "lived", "PX", "20")
        let deadline = Date(timeIntervalSinceNow: 30)
        while try client.call("EXISTS", "short") == .integer(1) {
            guard Date() < deadline else { throw TestFailure("a key outlives its time") }
            usleep(5000)
        }
        guard case .error(let text) = try client.call("LPUSH", "name", "x"), text.hasPrefix("WRONGTYPE") else {
            throw TestFailure("LPUSH to a string was not refused")
        }
        try client.expect(.integer(6), "DBSIZE")
    }

    @Test("serves redis-benchmark's whole default set", arguments: everyManner)
    func benchmark(_ manner: RedisServer.Manner) async throws {
        try await RedisServer.with(manner) { server in
            let words = ["-p", String(server.port), "-n", "2000", "-c", "20", "-q"]
            let outcome = try await Command("/usr/bin/redis-benchmark", words).run()
            let text = outcome.outputText.replacingOccurrences(of: "\r", with: "\n")
            let tests = [
                "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET",
                "SPOP",
                "ZADD", "ZPOPMIN", "LRANGE_100", "LRANGE_300", "LRANGE_500", "LRANGE_600", "MSET (10 keys)",
            ]
            let lines = text.split(separator: "\n")
            for name in tests {
                let isThere = lines.contains { $0.hasPrefix(name) && $0.contains("requests per second") }
                guard isThere else { throw TestFailure("no result for \(name)", outcome) }
            }
            guard outcome.ending == .exited(0), !text.contains("rror") else {
                throw TestFailure("redis-benchmark had errors", outcome)
            }
            try await server.terminate()
        }
    }

    @Test("keeps what several clients write", arguments: everyManner)
    func keeps(_ manner: RedisServer.Manner) async throws {
        try await RedisServer.with(manner) { server in
            try await Self.load(server.port, clients: 4, rounds: 150)
            try await server.terminate()
        }
    }

    private static func load(_ port: UInt16, clients: Int, rounds: Int) async throws {
        let seed = TestEnvironment.seed
        try await Threads.run(clients) { number in
            var load = try CheckedLoad(port: port, number: number, seed: seed)
            do {
                try load.run(rounds: rounds)
            } catch {
                throw TestFailure("client \(number), seed \(seed): \(error)")
            }
        }
        try await Threads.run {
            let total = clients * rounds * CheckedLoad.incrementsPerRound
            try RespClient(port: port).expect(.text(String(total)), "GET", "shared")
        }
    }

    @Test("with threads for its sockets", arguments: Dispatch.allCases)
    func ioThreads(_ dispatch: Dispatch) async throws {
        let options = ["--io-threads", "3", "--io-threads-do-reads", "yes"]
        try await RedisServer.with(.guest(dispatch), options: options) { server in
            try await Self.load(server.port, clients: 6, rounds: 50)
            try await server.terminate()
        }
    }

    @Test("wakes clients that block, and those that subscribed", arguments: everyManner)
    func blocking(_ manner: RedisServer.Manner) async throws {
        try await RedisServer.with(manner) { server in
            try await Threads.run(2) { role in
                let client = try RespClient(port: server.port)
                if role == 0 {
                    for number in 0..<50 {
                        let expected = RespValue.array([.text("queue"), .text("job \(number)")])
                        try client.expect(expected, "BLPOP", "queue", "60")
                        try client.expect(.integer(1), "RPUSH", "done", "\(number)")
                    }
                    try client.expect(.null, "BLPOP", "never", "0.05")
                } else {
                    for number in 0..<50 {
                        _ = try client.call("RPUSH", "queue", "job \(number)")
                        try client.expect(.array([.text("done"), .text("\(number)")]), "BLPOP", "done", "60")
                    }
                }
            }
            try await Threads.run {
                let listener = try RespClient(port: server.port)
                _ = try listener.call("SUBSCRIBE", "news")
                try RespClient(port: server.port).expect(.integer(1), "PUBLISH", "news", "hello")
                let message = try listener.receive()
                let expected = RespValue.array([.text("message"), .text("news"), .text("hello")])
                guard message == expected else { throw TestFailure("received \(message)") }
            }
        }
    }

    @Test("an append-only file that a guest wrote is read natively", arguments: Dispatch.allCases)
    func appendOnly(_ dispatch: Dispatch) async throws {
        let options = ["--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"]
        try await RedisServer.with(.guest(dispatch), options: options) { server in
            try await Threads.run {
                let client = try RespClient(port: server.port)
                for number in 0..<300 { try client.expect(.ok, "SET", "key\(number)", "value\(number)") }
            }
            try await server.terminate()
            let port = try FreePort.any()
            let words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", server.scratch.path] + options
            try await Command(RedisServer.program, words).running { native in
                try await native.waitForOutput("Ready to accept connections")
                try await Threads.run {
                    let client = try RespClient(port: port)
                    try client.expect(.integer(300), "DBSIZE")
                    try client.expect(.text("value299"), "GET", "key299")
                }
            }
        }
    }

    @Test("redis-cli shuts it down", arguments: Dispatch.allCases)
    func shutdown(_ dispatch: Dispatch) async throws {
        try await RedisServer.with(.guest(dispatch)) { server in
            let words = ["-p", String(server.port), "shutdown", "nosave"]
            let client = try await Command("/usr/bin/redis-cli", words).run()
            guard client.ending == .exited(0) else { throw TestFailure("redis-cli failed", client) }
            let outcome = try await server.running.waitForEnd()
            guard outcome.ending == .exited(0) else { throw TestFailure("not a clean end", outcome) }
        }
    }

    @Test("its clients are guests too", arguments: Dispatch.allCases)
    func clients(_ dispatch: Dispatch) async throws {
        try await RedisServer.with(.natively, options: ["--unixsocket", "redis.socket"]) { server in
            let socket = server.scratch.file("redis.socket")
            for (words, expected) in [
                (["-p", String(server.port), "set", "key", "from a guest"], "OK\n"),
                (["-s", socket, "get", "key"], "from a guest\n"), (["-p", String(server.port), "get", "none"], "\n"),
            ] {
                let outcome = try await Understudy.run(Command("/usr/bin/redis-cli", words), dispatch: dispatch).run()
                guard outcome.ending == .exited(0), outcome.outputText == expected else {
                    throw TestFailure("\(expected.debugDescription) was expected", outcome)
                }
            }
            for options in [["-c", "10"], ["-c", "10", "--threads", "2"], ["-c", "4", "-P", "8"]] {
                let words = ["-p", String(server.port), "-n", "1000", "-q", "-t", "set,get"] + options
                let benchmark = Command("/usr/bin/redis-benchmark", words)
                let outcome = try await Understudy.run(benchmark, dispatch: dispatch).run()
                guard outcome.ending == .exited(0), outcome.outputText.contains("GET") else {
                    throw TestFailure("redis-benchmark failed", outcome)
                }
            }
        }
    }
}
