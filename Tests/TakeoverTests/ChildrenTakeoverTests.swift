import Foundation
import TestSupport
import Testing

/// A guest with children, whose primary is killed: the children end, the guest sees them as killed, and nothing is
/// slower or taken for it.
@Suite("children at a takeover", .startsGuests)
struct ChildrenTakeoverTests {
    private static let script = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/children.py"
    /// The takeover itself takes some milliseconds; this is for a machine that is busy with other tests.
    private static let patienceSeconds = 10.0

    private struct Answer {
        let pid: String
        let child: pid_t
        let status: String

        init(_ text: String) throws {
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 3, let child = pid_t(words[1]) else {
                throw TestFailure("\(text) is no answer of children.py's")
            }
            (pid, self.child, status) = (words[0], child, words[2])
        }
    }

    @Test("are seen as killed, and gone, and the port is free", arguments: KillRound.all(share: 0.2))
    func killed(_ round: KillRound) async throws {
        let port = try FreePort.any()
        let guest = Command("/usr/bin/python3", [Self.script, String(port)])
        try await ReplicatedGuest.with(guest, round.options) { pair in
            try await pair.waitUntilProtected()
            let before = try await Self.ask(port)
            #expect(before.status == "None")
            let family = Self.descendants(of: pair.primary.pid)
            #expect(family.contains(before.child) && family.count >= 2, "no children: \(family)")
            try await Task.sleep(nanoseconds: round.delayNanoseconds)
            pair.killPrimary()
            let after = try await Self.ask(port)
            #expect(after.pid == before.pid && after.child == before.child)
            #expect(after.status == String(SIGKILL), "the child's wait status")
            let deadline = Date(timeIntervalSinceNow: Self.patienceSeconds)
            for process in family {
                while Self.lives(process) {
                    if Date() > deadline { throw TestFailure("process \(process), a child, outlives the primary") }
                    try await Task.sleep(nanoseconds: 1_000_000)
                }
            }
        }
    }

    /// A line of the parent's, a child's, and so on; the children are started in each of the ways that there are.
    private static let inTurns = """
        import os, subprocess
        for number in range(30):
            os.write(1, f"parent {number}\\n".encode())
            if number % 3 == 2:
                subprocess.run(["/bin/echo", "child", str(number)])
                continue
            child = os.fork()
            if child == 0:
                os.write(1, f"child {number}\\n".encode())
                os._exit(0)
            os.waitpid(child, 0)
        """

    @Test("write behind what their parent wrote before it started them")
    func order() async throws {
        let guest = Command("/usr/bin/python3", ["-c", Self.inTurns])
        let native = try await NativeRuns.shared.outcome(of: guest)
        let outcome = try await ReplicatedGuest.with(guest) { try await $0.waitForEnd() }
        try outcome.primary.requireSame(as: native)
        #expect(outcome.primary.errorText.contains(ReplicatedGuest.protectedLine))
    }

    /// At each connection it starts a child; the two signal each other, and ask for each other's groups.
    private static let signals = """
        import os, signal, socket, sys
        both = {signal.SIGUSR1, signal.SIGUSR2}
        signal.pthread_sigmask(signal.SIG_BLOCK, both)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(sys.argv[1])))
        listener.listen(16)
        first = os.getpid()
        while True:
            connection, _ = listener.accept()
            child = os.fork()
            if child == 0:
                try:
                    os.kill(os.getppid(), signal.SIGUSR1)
                    found = signal.sigtimedwait(both, 10)
                    isRight = found and found.si_pid == first == os.getppid()
                    os._exit(0 if isRight and os.getpgid(first) == os.getpgid(0) else 1)
                except OSError as error:
                    os._exit(error.errno)
            found = signal.sigtimedwait(both, 10)
            os.kill(child, signal.SIGUSR2)
            status = os.waitpid(child, 0)[1]
            try:
                connection.sendall(f"{first} {child} {status} {found and found.si_pid == child}\\n".encode())
            except OSError:
                pass
            connection.close()
        """

    @Test("that are started after one reach the guest's first process by its number")
    func numbers() async throws {
        let port = try FreePort.any()
        let guest = Command("/usr/bin/python3", ["-c", Self.signals, String(port)])
        try await ReplicatedGuest.with(guest) { pair in
            try await pair.waitUntilProtected()
            var firsts: Set<Substring> = []
            for isAfter in [false, true] {
                if isAfter { pair.killPrimary() }
                let words = try await Self.line(port).split(separator: " ")
                guard words.count == 4, words[2...] == ["0", "True"] else { throw TestFailure("the answer: \(words)") }
                firsts.insert(words[0])
            }
            #expect(firsts.count == 1, "\(firsts)")
        }
    }

    private static func line(_ port: UInt16) async throws -> String {
        let deadline = Date(timeIntervalSinceNow: patienceSeconds)
        while true {
            if let connection = try? RawConnection(port: port) {
                let bytes = connection.receiveAll(silenceMilliseconds: 2000).bytes
                if bytes.last == UInt8(ascii: "\n") { return String(decoding: bytes.dropLast(), as: UTF8.self) }
            }
            if Date() > deadline { throw TestFailure("nobody answers at port \(port)") }
            try await Task.sleep(nanoseconds: 1_000_000)
        }
    }

    private static func ask(_ port: UInt16) async throws -> Answer { try Answer(await line(port)) }

    private static func stat(_ process: pid_t) -> [String] {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split(separator: " ").map(String.init)
    }

    /// Not just an entry in the process table that nobody has taken out yet.
    private static func lives(_ process: pid_t) -> Bool {
        guard let state = stat(process).first else { return false }
        return state != "Z" && state != "X"
    }

    private static func descendants(of process: pid_t) -> [pid_t] {
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        let parents = Dictionary(
            uniqueKeysWithValues: all.map { ($0, stat($0).dropFirst().first.flatMap { pid_t($0) }) })
        var found: [pid_t] = []
        var next = [process]
        while let parent = next.popLast() {
            let children = all.filter { parents[$0] == parent }
            found += children
            next += children
        }
        return found
    }
}
