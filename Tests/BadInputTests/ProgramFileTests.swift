import Foundation
import TestSupport
import Testing

/// What cannot be run is turned down with exit status 126 or 127 and one line that says why.
@Suite("program files that cannot be run", .startsGuests)
struct ProgramFileTests {
    @Test("a good file of our own making runs")
    func good() async throws {
        for elf in [HostileElf.good, .positionIndependent] {
            try await ScratchDirectory.with { scratch in
                let path = try scratch.write("good", elf.bytes, mode: 0o755)
                let native = try await Command(path).run()
                #expect(native.ending == .exited(42))
                for dispatch in Dispatch.allCases {
                    try await Understudy.run(Command(path), dispatch: dispatch).run().requireSame(as: native)
                }
            }
        }
    }

    @Test("hostile headers", arguments: HeaderDamage.refused)
    func refused(_ damage: HeaderDamage) async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("program", damage.elf.bytes, mode: 0o755)
            try await Understudy.run(Command(path)).run().requireRefusal(126, naming: path)
        }
    }

    @Test("headers that let the program start, and die", arguments: HeaderDamage.fatal, Dispatch.allCases)
    func fatal(_ damage: HeaderDamage, _ dispatch: Dispatch) async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("program", damage.elf.bytes, mode: 0o755)
            let guest = try await Understudy.run(Command(path), dispatch: dispatch).run()
            try guest.requireSame(as: await Command(path).run())
            #expect(guest.supervisorLines.count == 1, "\(guest)")
        }
    }

    @Test("an odd alignment is as natively")
    func oddAlignment() async throws {
        try await ScratchDirectory.with { scratch in
            for alignment: UInt64 in [0, 1, 3, 0x1800, 1 << 40, .max] {
                let elf = HostileElf.with { $0.segments[1].alignment = alignment }
                let path = try scratch.write("program", elf.bytes, mode: 0o755)
                let guest = try await Understudy.run(Command(path)).run()
                if guest.ending == .exited(126) {
                    try guest.requireRefusal(126, naming: path)
                } else {
                    try guest.requireSame(as: await Command(path).run())
                }
            }
        }
    }

    @Test("not an ELF file")
    func notElf() async throws {
        try await ScratchDirectory.with { scratch in
            let contents: [[UInt8]] = [
                Array("just text\n".utf8), [0], [0x7f], [0x7f, 0x45, 0x4c], [UInt8](repeating: 0xff, count: 10_000),
            ]
            for bytes in contents {
                let path = try scratch.write("program", bytes, mode: 0o755)
                try await Understudy.run(Command(path)).run().requireRefusal(126, naming: path)
            }
        }
    }

    @Test("an empty file")
    func empty() async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("program", [], mode: 0o755)
            try await Understudy.run(Command(path)).run().requireRefusal(126, naming: path)
        }
    }

    @Test("not found, not executable, not a file")
    func places() async throws {
        try await ScratchDirectory.with { scratch in
            let plain = try scratch.write("plain", HostileElf.good.bytes)
            try scratch.makeDirectory("directory")
            let cases: [(program: String, status: Int32, word: String)] = [
                (scratch.file("nothing"), 127, scratch.file("nothing")), ("no-such-command", 127, "no-such-command"),
                (scratch.file("nothing/deeper"), 127, "nothing/deeper"), (plain, 126, plain),
                (plain + "/below", 127, "below"), (scratch.file("directory"), 126, "directory"), ("/", 126, "/"),
                ("/dev/null", 126, "/dev/null"), (String(repeating: "n", count: 300), 127, "nnn"),
            ]
            for (program, status, word) in cases {
                try await Understudy.run(Command(program)).run().requireRefusal(status, naming: word)
            }
        }
    }

    @Test("a program behind a link to itself")
    func loop() async throws {
        try await ScratchDirectory.with { scratch in
            let path = scratch.file("loop")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "loop")
            try await Understudy.run(Command(path)).run().requireRefusal(126, naming: path)
        }
    }

    @Test("scripts without a usable interpreter")
    func scripts() async throws {
        try await ScratchDirectory.with { scratch in
            let lines = [
                "#!", "#! ", "#!\n", "#!/no/such/interpreter\n", "#!/etc\n", "#!/etc/passwd\n",
                "#!" + String(repeating: "/long", count: 1000) + "\n",
            ]
            for line in lines {
                let path = try scratch.write("script", text: line, mode: 0o755)
                try await Understudy.run(Command(path)).run().requireRefusal(126)
            }
            // Each names the one before: Linux gives up after five.
            var previous = "/bin/sh"
            for number in 0..<9 {
                previous = try scratch.write("script\(number)", text: "#!\(previous)\n", mode: 0o755)
            }
            try await Understudy.run(Command(previous)).run().requireRefusal(126)
            let own = scratch.file("own")
            try scratch.write("own", text: "#!\(own)\n", mode: 0o755)
            try await Understudy.run(Command(own)).run().requireRefusal(126)
        }
    }
}
