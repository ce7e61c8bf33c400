import Foundation
import TestSupport
import Testing

/// What a program gets from whoever starts it, and the ends of its pipes: all as natively.
@Suite("what a program is started with", .startsGuests)
struct SurroundingsTests {
    private static let showArguments = Command("/usr/bin/python3", [ProgramFixture.scripts + "/arguments.py"])

    private func compare(_ command: Command) async throws {
        let native = try await command.run()
        for dispatch in Dispatch.allCases {
            try await Understudy.run(command, dispatch: dispatch).run().requireSame(as: native)
        }
    }

    @Test("arguments that are not text")
    func oddArguments() async throws {
        var command = Self.showArguments
        let everyByte = (1...255).map(UInt8.init)
        command.arguments += [[], everyByte, [0xff, 0xfe], [10], Array("--help".utf8), Array("-".utf8)]
        try await compare(command)
        command = Command("/bin/echo", ["-n"])
        command.arguments.append(everyByte)
        try await compare(command)
    }

    @Test("thousands of arguments, and one of 100 KB")
    func longArguments() async throws {
        var command = Self.showArguments
        command.arguments += (0..<20_000).map { Array("argument \($0)".utf8) }
        try await compare(command)
        command = Self.showArguments
        command.arguments.append([UInt8](repeating: 120, count: 100_000))
        try await compare(command)
    }

    @Test("an environment of 100 KB, one variable of 100 KB, and none at all")
    func largeEnvironment() async throws {
        var command = Self.showArguments
        command.environment += (0..<2000).map { "VARIABLE_\($0)=\(String(repeating: "v", count: 40))" }
        try await compare(command)
        command.environment = Command.plainEnvironment + ["LONG=" + String(repeating: "l", count: 100_000)]
        try await compare(command)
        command.environment = []
        try await compare(command)
        command = Command("/usr/bin/env")
        command.environment = ["odd", "=", "A=1", "A=2", "B="]
        try await compare(command)
    }

    @Test("a deep working directory, and one that is gone")
    func directories() async throws {
        try await ScratchDirectory.with { scratch in
            let deep = (0..<18).map { "\($0)" + String(repeating: "d", count: 200) }.joined(separator: "/")
            var command = Command("/bin/pwd")
            command.directory = try scratch.makeDirectory(deep)
            try await compare(command)
            let listing = "import os; print(len(os.getcwd()), os.listdir('..'), open('made', 'w').close())"
            command = Command("/usr/bin/python3", ["-c", listing])
            command.directory = scratch.file(deep)
            try await compare(command)
        }
        try await ScratchDirectory.with { scratch in
            let gone = try scratch.makeDirectory("gone")
            for command in [Command("/bin/pwd"), Command("/bin/ls", ["-la"]), Command("/usr/bin/touch", ["x"])] {
                let setup = "mkdir -p \(gone) && cd \(gone) && rmdir \(gone)"
                let native = try await command.after(shell: setup).run()
                try await Understudy.run(command).after(shell: setup).run().requireSame(as: native)
            }
        }
    }

    @Test("ignored signals of children and of job control, by which it is to hear of children all the same")
    func ignoredSignals() async throws {
        func ignoring(_ command: Command) -> Command {
            var wrapped = command
            wrapped.program = "/usr/bin/env"
            let words = ["--ignore-signal=CHLD,TSTP,TTIN,TTOU", command.program]
            wrapped.arguments = words.map { Array($0.utf8) } + command.arguments
            return wrapped
        }
        let command = Command("/usr/bin/python3", [ProgramFixture.scripts + "/ignored_signals.py"])
        let native = try await ignoring(command).run()
        for dispatch in Dispatch.allCases {
            try await ignoring(Understudy.run(command, dispatch: dispatch)).run().requireSame(as: native)
        }
    }

    @Test("input from a file, a pipe, nothing, and a closed descriptor")
    func inputs() async throws {
        try await ScratchDirectory.with { scratch in
            let file = try scratch.write("input", text: "from a file\nsecond line\n")
            let long = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
            let inputs: [Command.Input] = [.file(file), .text("from a pipe\n"), .bytes(long), .null, .closed]
            let readAll = "import sys; print(len(sys.stdin.buffer.read()) if sys.stdin else None)"
            for var command in [
                Command("/bin/cat"), Command("/usr/bin/wc"), Command("/usr/bin/head", ["-n", "1"]),
                Command("/usr/bin/python3", ["-c", readAll]),
            ] {
                for input in inputs {
                    command.input = input
                    try await compare(command)
                }
            }
        }
    }

    @Test("the position in a file that others read too")
    func sharedPosition() async throws {
        try await ScratchDirectory.with { scratch in
            let file = try scratch.write("lines", text: (0..<100).map { "line \($0)\n" }.joined())
            for program in [["/usr/bin/head", "-n", "3"], ["/bin/busybox", "head", "-n", "3"], ["/bin/true"]] {
                let command = Command(program[0], Array(program.dropFirst()))
                func beforeCat(_ command: Command) -> Command {
                    var wrapped = Command("/bin/sh", ["-c", "\"$0\" \"$@\"; echo then; cat", command.program])
                    wrapped.arguments += command.arguments
                    wrapped.input = .file(file)
                    return wrapped
                }
                let native = try await beforeCat(command).run()
                for dispatch in Dispatch.allCases {
                    let guest = try await beforeCat(Understudy.run(command, dispatch: dispatch)).run()
                    try guest.requireSame(as: native)
                }
            }
        }
    }

    @Test("output to a file that has something already, to a full device, to a closed descriptor")
    func outputs() async throws {
        try await ScratchDirectory.with { scratch in
            let file = scratch.file("output")
            for var command in [Command("/bin/echo", ["text"]), Command("/usr/bin/python3", ["-c", "print('text')"])] {
                for output in [Command.Output.file(file), .file("/dev/full"), .closed] {
                    try scratch.write("output", text: "before\n")
                    command.output = output
                    let native = try await command.run()
                    let nativeFile = try scratch.read("output")
                    for dispatch in Dispatch.allCases {
                        try scratch.write("output", text: "before\n")
                        try await Understudy.run(command, dispatch: dispatch).run().requireSame(as: native)
                        try #require(scratch.read("output") == nativeFile)
                    }
                }
            }
        }
    }

    @Test("a reader that goes away", arguments: Dispatch.allCases)
    func brokenPipes(_ dispatch: Dispatch) async throws {
        for var command in [
            Command("/usr/bin/yes"), Command("/usr/bin/seq", ["1", "100000000"]), Command("/bin/cat", ["/dev/zero"]),
            Command("/usr/bin/perl", ["-e", "print qq(line\\n) while 1"]), Command("/bin/busybox", ["yes"]),
        ] {
            for count in [0, 1, 300_000] {
                command.output = .brokenAfter(count)
                let native = try await command.run()
                let guest = try await Understudy.run(command, dispatch: dispatch).run()
                // How much came through before is a matter of time.
                try #require(guest.ending == native.ending, "\(guest)")
                try #require(guest.guestErrorText == native.errorText, "\(guest)")
                try #require(count == 0 || guest.output.prefix(count) == native.output.prefix(count))
            }
        }
        // Python ignores the signal, and complains instead.
        var command = Command("/usr/bin/python3", ["-c", "while True: print('line' * 100)"])
        command.output = .brokenAfter(100)
        let native = try await command.run()
        let guest = try await Understudy.run(command, dispatch: dispatch).run()
        try #require(guest.ending == native.ending && guest.guestErrorText == native.errorText, "\(guest)")
    }

    @Test("a pipeline in which all are guests")
    func pipeline() async throws {
        let run = TestEnvironment.understudy + " run --"
        func line(_ prefix: String) -> Command {
            let stages = ["seq 1 200000", "sort -rn", "sed s/9/x/g", "head -n 1000", "md5sum"]
            return Command("/bin/sh", ["-c", stages.map { "\(prefix) \($0)" }.joined(separator: " | ")])
        }
        try await line(run).run().requireSame(as: line("").run())
    }

    @Test("talks line by line with whoever holds its pipes", arguments: Dispatch.allCases)
    func conversation(_ dispatch: Dispatch) async throws {
        let programs = [
            ["/bin/busybox", "cat"], ["/usr/bin/python3", "-uc", "while True: print(input())"],
            ["/usr/bin/perl", "-pe", "BEGIN { $| = 1 }"], ["/usr/bin/sed", "-u", "s/x/x/"],
        ]
        for program in programs {
            var command = Command(program[0], Array(program.dropFirst()))
            command.input = .held
            try await Understudy.run(command, dispatch: dispatch).running { guest in
                for number in 0..<50 {
                    guest.send(text: "line \(number)\n")
                    try await guest.waitForOutput("line \(number)\n")
                }
                guest.closeInput()
                let outcome = try await guest.waitForEnd()
                let isPython = program[0].hasSuffix("python3")
                try #require(outcome.ending == .exited(isPython ? 1 : 0), "\(outcome)")
            }
        }
    }
}
