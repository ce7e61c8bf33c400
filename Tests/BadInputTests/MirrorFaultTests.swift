import Foundation
import TestSupport
import Testing

/// What goes wrong around a mirror while a guest runs.
@Suite("faults around mirrors", .startsGuests)
struct MirrorFaultTests {
    private func hello(_ count: Int) throws -> Command {
        Command(try #require(Linkage.static.path(of: "hello"), "run make guests"), [String(count)])
    }

    private func port(of guest: ReplicatedGuest) throws -> UInt16 {
        try #require(guest.address.split(separator: ":").last.flatMap { UInt16($0) })
    }

    @Test("a second primary is refused, and the first not harmed")
    func busy() async throws {
        let command = try hello(30)
        let native = try await NativeRuns.shared.outcome(of: command)
        let outcome = try await ReplicatedGuest.with(command) { guest in
            try await guest.waitUntilProtected()
            let second = Understudy.run(Command("/bin/echo", ["ran"]), options: ["--mirror", guest.address])
            let refused = try await second.run()
            try refused.requireRefusal(125, naming: guest.address)
            guest.killPrimary()
            return try await guest.waitForEnd()
        }
        try outcome.requireSame(as: native)
    }

    @Test("strangers who say anything at all to a mirror that waits")
    func strangersBefore() async throws {
        let command = try hello(3)
        let native = try await NativeRuns.shared.outcome(of: command)
        let outcome = try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(try FreePort.any())") { mirror in
            let address = try #require(mirror.errorText.split(separator: "\n").first?.split(separator: " ").last)
            let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
            try await Threads.run { try Strangers.visit(port, seed: TestEnvironment.seed) }
            try #require(mirror.isRunning, "\(mirror.errorText)")
            let options = ReplicationOptions()
            let primary = try await options.primary(command, mirroredAt: String(address)).run()
            return ReplicatedOutcome(primary: primary, mirror: try await mirror.waitForEnd())
        }
        try outcome.requireSame(as: native)
    }

    @Test("strangers who say anything at all during a session, which ends in a takeover")
    func strangersDuring() async throws {
        let command = try hello(100)
        let native = try await NativeRuns.shared.outcome(of: command)
        let outcome = try await ReplicatedGuest.with(command) { guest in
            try await guest.waitUntilProtected()
            let port = try port(of: guest)
            try await Threads.run { try Strangers.visit(port, seed: TestEnvironment.seed) }
            try #require(guest.primary.isRunning && guest.mirror.isRunning)
            guest.killPrimary()
            return try await guest.waitForEnd()
        }
        try #require(outcome.didTakeOver, "\(outcome)")
        try outcome.requireSame(as: native)
    }

    @Test("the mirror runs out of memory: the primary goes on, and says so", arguments: Tracker.allCases)
    func outOfMemory(_ tracker: Tracker) async throws {
        // In large steps, of which one fails while there is still memory for what says so.
        let script = """
            kept = []
            input()
            for number in range(15):
                kept.append(bytes([number]) * 32000000)
            print(sum(block[-1] for block in kept))
            """
        var command = Command("/usr/bin/python3", ["-c", script])
        command.input = .held
        var options = ReplicationOptions(tracker: tracker)
        options.mirrorSetup = "ulimit -d 250000"
        try await ReplicatedGuest.with(command, options) { guest in
            try await guest.waitUntilProtected()
            guest.primary.send(text: "\n")
            let outcome = try await guest.waitForEnd()
            try outcome.requireNoTrouble()
            try #require(outcome.primary.outputText == "105\n" && outcome.primary.ending == .exited(0), "\(outcome)")
            // Why, the mirror has said; on one machine its end may be seen before its words are read.
            let saysSo = outcome.primary.errorText.contains(ReplicatedGuest.unprotectedLine)
            guard saysSo, outcome.mirror.ending == .exited(125), outcome.mirror.errorText.contains("memory") else {
                throw TestFailure("not refused for want of memory\n\(outcome)")
            }
        }
    }

    @Test("the guest's addresses are taken in the mirror: 125, before it listens")
    func addressesTaken() async throws {
        try await ScratchDirectory.with { scratch in
            let source = try scratch.write(
                "squat.c",
                text: """
                    #include <sys/mman.h>
                    __attribute__((constructor)) static void squat(void) {
                        mmap((void *)0x40000000, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                    }
                    """)
            let library = scratch.file("squat.so")
            let built = try await Command("/usr/bin/gcc", ["-shared", "-fPIC", "-o", library, source]).run()
            try #require(built.ending == .exited(0), "\(built)")
            var mirror = Understudy.command("mirror", "--listen", "127.0.0.1:\(try FreePort.any())")
            mirror.environment.append("LD_PRELOAD=\(library)")
            try await mirror.run().requireRefusal(125, naming: "0x")
        }
    }

    @Test("a mirror below an unlimited stack finds the addresses free")
    func unlimitedStack() async throws {
        let command = try hello(30)
        let native = try await NativeRuns.shared.outcome(of: command)
        var options = ReplicationOptions()
        options.mirrorSetup = "ulimit -s unlimited"
        let outcome = try await ReplicatedGuest.with(command, options) { guest in
            try await guest.waitUntilProtected()
            guest.killPrimary()
            return try await guest.waitForEnd()
        }
        try #require(outcome.didTakeOver, "\(outcome)")
        try outcome.requireSame(as: native)
    }

    @Test("another process takes the guest's port at the takeover: said, tried again, and then it works")
    func portTakenAtTakeover() async throws {
        let server = Command("/usr/bin/python3", ["-c", MirrorFaultTests.countingServer])
        var options = ReplicationOptions()
        options.isAsRemote = true
        try await ReplicatedGuest.with(server, options) { guest in
            try await guest.primary.waitForOutput("port ")
            try await guest.waitUntilProtected()
            let said = try #require(guest.primary.outputText.split(separator: " ").last)
            let port = try #require(UInt16(said.trimmingCharacters(in: .whitespacesAndNewlines)))
            let before = try await Threads.run { try MirrorFaultTests.ask(port) }
            #expect(before == "1")
            // While the mirror is stopped it cannot be quicker than we are.
            try await ReplicatedGuest.stop(guest.mirror)
            guest.killPrimary()
            _ = try await guest.primary.waitForEnd()
            var squatter: ListeningSocket? = try ListeningSocket(port: port)
            guest.mirror.send(signal: SIGCONT)
            try await guest.mirror.waitForErrors(String(port))
            try await guest.waitForTakeover()
            squatter?.stop()
            squatter = nil
            let after = try await Threads.run { try MirrorFaultTests.ask(port) }
            // The first answer's epoch was committed before the answer went out.
            #expect(after == "2")
            #expect(guest.mirror.isRunning)
        }
    }

    /// Says its port, then answers each connection with how many there were.
    private static let countingServer = """
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        print("port", server.getsockname()[1], flush=True)
        count = 0
        while True:
            connection, _ = server.accept()
            count += 1
            connection.sendall(b"%d" % count)
            connection.close()
        """

    /// What the server answers, tried for a while.
    private static func ask(_ port: UInt16) throws -> String {
        for _ in 0..<500 {
            if let connection = try? RawConnection(port: port) {
                let answer = connection.receiveAll(silenceMilliseconds: 10_000).bytes
                if !answer.isEmpty { return String(decoding: answer, as: UTF8.self) }
            }
            usleep(10_000)
        }
        throw TestFailure("nobody answers on port \(port)")
    }
}
