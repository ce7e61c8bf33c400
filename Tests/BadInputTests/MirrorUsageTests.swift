import Foundation
import TestSupport
import Testing

/// Command lines of `run --mirror` and `mirror` that are wrong, and places that cannot be reached.
@Suite("bad usage of mirrors", .startsGuests)
struct MirrorUsageTests {
    private static let malformedAddresses = [
        "", ":", "host", "host:", ":1234", "host:0x10", "host:65536", "host:99999999999999999999", "host:-1",
        "host:12x",
        "host:1 2", "host: 12", "host:12:13", "[::1", "[::1]", "[::1]:", "::1:80", "two words:80", "1234", "host:+80",
    ]

    @Test("a mirror's address that is none: 64", arguments: malformedAddresses)
    func malformedMirror(_ address: String) async throws {
        let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: ["--mirror", address]).run()
        try outcome.requireRefusal(64, naming: "--mirror")
    }

    @Test("an address to listen on that is none: 64", arguments: malformedAddresses)
    func malformedListen(_ address: String) async throws {
        try await Understudy.command("mirror", "--listen", address).run().requireRefusal(64, naming: "--listen")
    }

    @Test(
        "options' values that are none: 64",
        arguments: [
            ["--epoch", "25"], ["--epoch", "0ms"], ["--epoch", "-5ms"], ["--epoch", "5 ms"], ["--epoch", "5y"],
            ["--epoch", "ms"], ["--epoch", ""], ["--epoch", "99999999999999999999h"], ["--epoch", "nan"],
            ["--max-hold", "5"], ["--max-hold", "-1ms"], ["--max-hold", "soon"], ["--failure-timeout", "500"],
            ["--failure-timeout", "0s"], ["--failure-timeout", "never"], ["--tracker", "fast"], ["--tracker", ""],
            ["--compress", "zip"], ["--compress", ""], ["--compress", "LZ4"], ["--delta-cache", "1.5M"],
            ["--delta-cache", "-1"], ["--delta-cache", "M"], ["--delta-cache", "1m"], ["--delta-cache", "10T"],
            ["--delta-cache", "99999999999999999999"], ["--delta-cache", "33000G"], ["--delta-cache", ""],
        ])
    func badValues(_ option: [String]) async throws {
        let options = ["--mirror", "127.0.0.1:9"] + option
        let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: options).run()
        try outcome.requireRefusal(64, naming: option[0])
    }

    @Test(
        "a mirror's options that are wrong: 64",
        arguments: [
            ["mirror", "extra"], ["mirror", "--listen", "127.0.0.1:9", "extra"], ["mirror", "--failure-timeout", "x"],
            ["mirror", "--epoch", "5ms"], ["mirror", "--no-such-option"], ["mirror", "--dispatch", "fast"],
            ["mirror", "--listen"],
        ])
    func badMirrorOptions(_ words: [String]) async throws {
        try await Command(TestEnvironment.understudy, words).run().requireRefusal(64)
    }

    @Test(
        "options about files that do not fit: 64",
        arguments: [
            ["--volume", "/no/such/directory"], ["--volume", "/etc/passwd"], ["--volume", "/"],
            ["--volume", "/usr", "--volume", "/usr/bin"], ["--allow-unreplicated-writes", "/no/such/file"],
            ["--durable"], ["--volume-root", "/tmp"], ["--volume", "/usr", "--volume-root", "/tmp"],
        ])
    func badVolumes(_ words: [String]) async throws {
        let options = ["--mirror", "127.0.0.1:9"] + words
        let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: options).run()
        try outcome.requireRefusal(64, naming: words[words.count > 2 ? 2 : 0])
    }

    @Test("volumes without a mirror, or with a local one that has no place for them: 64")
    func volumesAlone() async throws {
        for words in [["--volume", "/usr"], ["--mirror", "local", "--volume", "/usr"]] {
            let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: words).run()
            try outcome.requireRefusal(64, naming: words.count > 2 ? "--volume-root" : "--mirror")
        }
    }

    @Test("a mirror on the same machine that would keep its copy in the volume itself: 125, and nothing runs")
    func sameDirectory() async throws {
        try await ScratchDirectory.with { scratch in
            let volume = try scratch.makeDirectory("volume")
            for words in [[], ["--volume-root", volume]] {
                var options = ReplicationOptions()
                options.mirrorWords = words
                let address = "127.0.0.1:\(try FreePort.any())"
                try await ReplicatedGuest.withMirror(at: address, options) { mirror in
                    let run = Understudy.run(
                        Command("/bin/echo", ["ran"]), options: ["--mirror", address, "--volume", volume])
                    let outcome = try await run.run()
                    try outcome.requireRefusal(125, naming: "is the primary's own directory, on the same machine")
                }
            }
        }
    }

    @Test("a mirror that is not there: 125, and nothing runs")
    func unreachable() async throws {
        let address = "127.0.0.1:\(try FreePort.any())"
        for place in [address, "no-such-host.invalid:7000"] {
            let outcome = try await Understudy.run(Command("/bin/echo", ["ran"]), options: ["--mirror", place]).run()
            try outcome.requireRefusal(125, naming: place)
        }
    }

    @Test(
        "whoever answers there is no mirror: 125, and nothing runs",
        arguments: [FakePeer.Manner.silent, .hangsUp, .says(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), .babbles])
    func noMirror(_ manner: FakePeer.Manner) async throws {
        try await FakePeer.with(manner) { port in
            let address = "127.0.0.1:\(port)"
            var guest = Understudy.run(Command("/bin/echo", ["ran"]), options: ["--mirror", address])
            guest.timeoutSeconds = 60
            try await guest.run().requireRefusal(125, naming: address)
        }
    }

    @Test("open to strangers only where asked for", arguments: ["0.0.0.0:0", "[::]:0", ":::0"])
    func strangers(_ address: String) async throws {
        let outcome = try await Understudy.command("mirror", "--listen", address).run()
        guard outcome.status == 64 || outcome.status == 125 else { throw TestFailure("not refused", outcome) }
        try outcome.requireRefusal(outcome.status, naming: address == ":::0" ? "--listen" : "--insecure")
    }

    @Test("--insecure listens on everything, and says so")
    func insecure() async throws {
        let port = try FreePort.any()
        try await Understudy.command("mirror", "--listen", "0.0.0.0:\(port)", "--insecure").running { mirror in
            try await mirror.waitForErrors("listening on 0.0.0.0:\(port)")
            let path = try #require(Linkage.static.path(of: "hello"), "run make guests")
            let guest = Understudy.run(Command(path), options: ["--mirror", "127.0.0.1:\(port)"])
            #expect(try await guest.run().ending == .exited(0))
            #expect(try await mirror.waitForEnd().ending == .exited(0))
        }
    }

    @Test("a port that is taken: 125")
    func portTaken() async throws {
        let taken = try ListeningSocket()
        let outcome = try await Understudy.command("mirror", "--listen", "127.0.0.1:\(taken.port)").run()
        try outcome.requireRefusal(125, naming: String(taken.port), "in use")
    }

    @Test("an address of another machine: 125")
    func otherMachine() async throws {
        // TEST-NET-1 of RFC 5737: nobody's.
        let outcome = try await Understudy.command("mirror", "--listen", "192.0.2.1:7000", "--insecure").run()
        try outcome.requireRefusal(125, naming: "192.0.2.1:7000")
    }
}
