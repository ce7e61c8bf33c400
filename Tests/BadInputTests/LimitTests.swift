import Foundation
import TestSupport
import Testing

/// Surroundings that are tight or odd: resource limits, closed descriptors.
@Suite("tight surroundings", .startsGuests)
struct LimitTests {
    private static let limitsScript = """
        import resource
        for name in ("STACK", "NOFILE", "CORE", "FSIZE", "NPROC"):
            print(name, resource.getrlimit(getattr(resource, "RLIMIT_" + name)))
        open("/etc/passwd").close()
        print(sum(range(1000)))
        """

    @Test(
        "are as natively",
        arguments: [
            "ulimit -S -s unlimited", "ulimit -s unlimited", "ulimit -s 256", "ulimit -S -s 100000", "ulimit -S -n 16",
            "ulimit -S -n 1000", "ulimit -c 0", "ulimit -S -c unlimited", "umask 077", "ulimit -f 100",
        ], Dispatch.allCases)
    func sameLimits(_ setup: String, _ dispatch: Dispatch) async throws {
        let command = Command("/usr/bin/python3", ["-c", Self.limitsScript])
        let native = try await command.after(shell: setup).run()
        let guest = try await Understudy.run(command, dispatch: dispatch).after(shell: setup).run()
        try guest.requireSame(as: native)
    }

    @Test("few descriptors: as natively, or a clear error", arguments: [3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64])
    func fewDescriptors(_ count: Int) async throws {
        let command = Command("/bin/cat", ["/etc/passwd"])
        let setup = "ulimit -n \(count)"
        let native = try await command.after(shell: setup).run()
        let guest = try await Understudy.run(command).after(shell: setup).run()
        try guest.requireNoTrouble()
        switch guest.ending {
        case .exited(125), .exited(126): try guest.requireRefusal(guest.status, naming: "too many open files")
        // The dynamic linker's message: the executable itself was not started.
        case .exited(127) where count < 10: return
        default: try guest.requireSame(as: native)
        }
        #expect(count < 24 || guest.ending == native.ending, "\(guest)")
    }

    @Test("little address space: a clear error")
    func littleAddressSpace() async throws {
        let outcome = try await Understudy.run(Command("/bin/true")).after(shell: "ulimit -v 1000000").run()
        try outcome.requireRefusal(125, naming: "RLIMIT_AS")
    }

    @Test(
        "deep recursion on a large stack, and on an unlimited one",
        arguments: ["ulimit -s 60000", "ulimit -s unlimited"])
    func deepStack(_ setup: String) async throws {
        for linkage in Linkage.allCases {
            let command = Command(try #require(linkage.path(of: "deep_stack"), "run make guests"))
            let native = try await command.after(shell: setup).run()
            try await Understudy.run(command).after(shell: setup).run().requireSame(as: native)
        }
    }

    @Test("closed standard descriptors are as natively", arguments: Dispatch.allCases)
    func closed(_ dispatch: Dispatch) async throws {
        let show = """
            import os
            def state(number):
                try:
                    os.fstat(number)
                    return "open"
                except OSError as error:
                    return error.errno
            text = " ".join(str(state(number)) for number in range(6))
            for number in (1, 2):
                try:
                    os.write(number, text.encode())
                except OSError:
                    pass
            raise SystemExit(7)
            """
        var command = Command("/usr/bin/python3", ["-S", "-c", show])
        let ways: [(Command.Input, Command.Output, Command.Output)] = [
            (.closed, .captured, .captured), (.null, .closed, .captured), (.null, .captured, .closed),
            (.closed, .closed, .captured), (.closed, .captured, .closed), (.closed, .closed, .closed),
        ]
        for (input, output, errors) in ways {
            (command.input, command.output, command.errors) = (input, output, errors)
            try await Understudy.run(command, dispatch: dispatch).run().requireSame(as: command.run())
        }
    }

    @Test("messages get lost, not the guest, when standard error is closed or full")
    func noErrors() async throws {
        let path = try #require(Linkage.static.path(of: "fault"), "run make guests")
        var command = Understudy.run(Command(path, ["null_read"]))
        for errors in [Command.Output.closed, .file("/dev/full"), .brokenAfter(0)] {
            command.errors = errors
            let outcome = try await command.run()
            #expect(outcome.ending == .signalled(SIGSEGV), "\(outcome)")
        }
    }
}
