import Foundation
import TestSupport
import Testing

/// Guests that make mistakes, or break in on purpose: they get what Linux gives them, and the supervisor lives on.
@Suite("guests that make mistakes", .startsGuests)
struct GuestMistakeTests {
    private static let faults = CorpusEntry.all.filter { ["fault", "hostile_sigreturn"].contains($0.name) }
        .filter { if case .signal = $0.expected { true } else { false } }

    @Test("a fault ends the guest by its signal, with one line of address and registers", arguments: faults)
    func fault(_ entry: CorpusEntry) async throws {
        let path = try #require(Linkage.static.path(of: entry.name), "run make guests")
        let outcome = try await Understudy.run(Command(path, entry.arguments)).run()
        guard case .signal(let signal) = entry.expected else { return }
        #expect(outcome.ending == .signalled(signal), "\(outcome)")
        let lines = outcome.supervisorLines
        #expect(lines.count == 1, "\(outcome)")
        let line = lines.first ?? ""
        // A handler that cannot be entered for want of a stack is said in other words.
        #expect(line.contains("SIG") || line.contains("signal handler's frame"), "\(outcome)")
        for word in ["rip 0x", "rsp 0x", "rax 0x", "r15 0x"] { #expect(line.contains(word), "\(outcome)") }
        #expect(outcome.guestErrorText.isEmpty, "\(outcome)")
    }

    @Test("the line names the address", arguments: Dispatch.allCases)
    func address(_ dispatch: Dispatch) async throws {
        let command = Command("/usr/bin/python3", ["-c", "import ctypes; ctypes.string_at(0x123456789000)"])
        let outcome = try await Understudy.run(command, dispatch: dispatch).run()
        #expect(outcome.ending == .signalled(SIGSEGV))
        #expect(outcome.supervisorLines.first?.contains("0x123456789000") == true, "\(outcome)")
    }

    @Test("unknown syscalls give ENOSYS and are counted by name")
    func unknown() async throws {
        let path = try #require(Linkage.static.path(of: "unknown_syscall"), "run make guests")
        try await ScratchDirectory.with { scratch in
            let report = scratch.file("report.json")
            let outcome = try await Understudy.run(Command(path), options: ["--report", report]).run()
            guard outcome.ending == .exited(0) else { throw TestFailure("not as natively", outcome) }
            let json = try JSONSerialization.jsonObject(with: Data(scratch.read("report.json"))) as? [String: Any]
            let calls = (json?["syscalls"] as? [String: Any])?["unknown"] as? [String: Int] ?? [:]
            try #require((calls["syscall_9999"] ?? 0) >= 2, "\(calls)")
            try #require(json?["exit_status"] as? Int == 0)
        }
    }

    @Test("int 0x80 is refused and nothing else happens", arguments: Dispatch.allCases)
    func int80(_ dispatch: Dispatch) async throws {
        let path = try #require(Linkage.static.path(of: "int80"), "run make guests")
        let outcome = try await Understudy.run(Command(path), dispatch: dispatch).run()
        #expect(outcome.ending == .exited(0), "\(outcome)")
    }

    @Test("bad pointers give EFAULT", arguments: Dispatch.allCases)
    func pointers(_ dispatch: Dispatch) async throws {
        let path = try #require(Linkage.dynamic.path(of: "bad_pointers"), "run make guests")
        let outcome = try await Understudy.run(Command(path), dispatch: dispatch).run()
        #expect(outcome.ending == .exited(0), "\(outcome)")
    }

    @Test("a report says how the guest ended")
    func report() async throws {
        let shell = "/bin/sh"
        for (script, key, value) in [("exit 3", "exit_status", 3), ("kill -TERM $$", "signal", 15)] {
            try await ScratchDirectory.with { scratch in
                let options = ["--report", scratch.file("report.json")]
                try await Understudy.run(Command(shell, ["-c", script]), options: options).run().requireNoTrouble()
                let json = try JSONSerialization.jsonObject(with: Data(scratch.read("report.json"))) as? [String: Any]
                try #require(json?[key] as? Int == value, "\(json ?? [:])")
                try #require(json?["program"] as? String == "/usr/bin/dash" || json?["program"] as? String == "/bin/sh")
            }
        }
        // A program that cannot be run has a report too.
        try await ScratchDirectory.with { scratch in
            let options = ["--report", scratch.file("report.json")]
            try await Understudy.run(Command("/no/such/program"), options: options).run().requireRefusal(127)
            let json = try JSONSerialization.jsonObject(with: Data(scratch.read("report.json"))) as? [String: Any]
            try #require((json?["error"] as? String)?.contains("/no/such/program") == true)
        }
    }
}
