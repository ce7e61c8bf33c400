import Foundation
import TestSupport
import Testing

/// What a guest with a mirror may do to files that are in no volume.
@Suite("writes outside the volumes", .startsGuests)
struct OutsideWritesTests {
    /// Tries everything that changes a file, below the directory that it is given.
    private static let writer = """
        import os
        import sys
        place = sys.argv[1]
        with open("/dev/null", "w") as null, open("/dev/shm/understudy-%d" % os.getpid(), "w") as shared:
            null.write("nothing")
            os.unlink(shared.name)
        \(GuestScript.tell)
        there = place + "/there"
        tell("create", lambda: open(place + "/new", "x").close())
        tell("write", lambda: open(there, "r+").close())
        tell("append", lambda: open(there, "a").close())
        tell("empty", lambda: os.close(os.open(there, os.O_RDONLY | os.O_TRUNC)))
        tell("truncate", lambda: os.truncate(there, 1))
        tell("nameless", lambda: os.close(os.open(place, os.O_TMPFILE | os.O_RDWR)))
        tell("mode", lambda: os.chmod(there, 0o600))
        tell("mode of an open file", lambda: os.fchmod(os.open(there, os.O_RDONLY), 0o640))
        tell("times", lambda: os.utime(there, (1, 1)))
        tell("mkdir", lambda: os.mkdir(place + "/directory"))
        tell("symlink", lambda: os.symlink("there", place + "/symlink"))
        tell("link", lambda: os.link(there, place + "/link"))
        tell("rename", lambda: os.rename(there, place + "/renamed"))
        tell("remove", lambda: os.unlink(there))
        tell("read", lambda: open(there).close())
        """

    private static func said(_ word: String) -> String {
        let names = [
            "create", "write", "append", "empty", "truncate", "nameless", "mode", "mode of an open file", "times",
            "mkdir", "symlink", "link", "rename", "remove",
        ]
        return names.map { "\($0) \(word)\n" }.joined() + "read done\n"
    }

    @Test("are refused with a mirror, and a line names path and option; the file is as it was")
    func refused() async throws {
        try await refused(["/usr/bin/python3", "-c", OutsideWritesTests.writer])
    }

    @Test("are refused to a child with another program as well")
    func refusedToChild() async throws {
        let words = ["/bin/dash", "-c", #"/usr/bin/python3 -c "$0" "$1"; exit $?"#, OutsideWritesTests.writer]
        try await refused(words)
    }

    private func refused(_ words: [String]) async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("there", text: "as it was")
            let before = try await VolumePair.digest(of: scratch.path)
            var options = ReplicationOptions()
            options.unreplicatedPaths = []
            let command = Command(words[0], words.dropFirst() + [scratch.path])
            let outcome = try await ReplicatedGuest.with(command, options) { try await $0.waitForEnd() }
            #expect(outcome.primary.ending == .exited(0), "\(outcome)")
            #expect(outcome.primary.outputText == OutsideWritesTests.said("Read-only file system"), "\(outcome)")
            #expect(try await VolumePair.digest(of: scratch.path) == before)
            let there = scratch.file("there")
            let lines = outcome.primary.errorText.split(separator: "\n").filter { $0.contains(there) }
            let words =
                "understudy: the guest may not write to \(there), which is in no volume: "
                + "add --volume \(scratch.path) or --allow-unreplicated-writes \(there)"
            #expect(lines == [Substring(words)], "\(outcome)")
        }
    }

    @Test("are done where nothing has a copy to keep the same", arguments: [["--blackhole"], []])
    func native(_ options: [String]) async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("there", text: "as it was")
            let command = Command("/usr/bin/python3", ["-c", OutsideWritesTests.writer, scratch.path])
            let outcome = try await Understudy.run(command, options: options).run()
            // It is renamed by then.
            let missing = "No such file or directory"
            let expected = OutsideWritesTests.said("done").replacing("read done", with: "read \(missing)")
            #expect(outcome.outputText == expected.replacing("remove done", with: "remove \(missing)"))
        }
    }

    /// Does one thing for each line that it is told.
    private static let told = """
        import os
        import sys
        place = sys.argv[1]
        file = open(place + "/file", "r+b", buffering=0)
        other = open(place + "/other", "rb")
        log = open(place + "/log", "ab", buffering=0)
        actions = {
            "write": lambda: file.write(b"1"),
            "pwrite": lambda: os.pwrite(file.fileno(), b"2", 40),
            "pwritev": lambda: os.pwritev(file.fileno(), [b"3"], 50),
            "append": lambda: log.write(b"line\\n"),
            "sendfile": lambda: os.sendfile(file.fileno(), other.fileno(), 0, 3),
            "copy": lambda: os.copy_file_range(other.fileno(), file.fileno(), 2, 0, 60),
            "ftruncate": lambda: os.ftruncate(file.fileno(), 100),
            "allocate": lambda: os.posix_fallocate(file.fileno(), 0, 200),
            "truncate": lambda: os.truncate(place + "/file", 300),
            "create": lambda: open(place + "/new", "x").close(),
            "empty": lambda: open(place + "/other", "w").close(),
            "mode": lambda: os.chmod(place + "/file", 0o600),
            "mode of an open file": lambda: os.fchmod(file.fileno(), 0o640),
            "owner": lambda: os.chown(place + "/file", os.getuid(), os.getgid()) or os.utime(place + "/file", (9, 9)),
            "times": lambda: os.utime(place + "/file", (1, 1)),
            "mkdir": lambda: os.mkdir(place + "/directory"),
            "symlink": lambda: os.symlink("there", place + "/symlink"),
            "link": lambda: os.link(place + "/file", place + "/link"),
            "rename": lambda: os.rename(place + "/link", place + "/renamed"),
            "remove": lambda: os.unlink(place + "/renamed"),
            "rmdir": lambda: os.rmdir(place + "/directory"),
        }
        print("ready", flush=True)
        for line in sys.stdin:
            actions[line.strip()]()
            print("did", line, end="", flush=True)
        """

    /// In the order of the dictionary above, as later ones need earlier ones.
    private static let actions = [
        "write", "pwrite", "pwritev", "append", "sendfile", "copy", "ftruncate", "allocate", "truncate", "create",
        "empty", "mode", "mode of an open file", "owner", "times", "mkdir", "symlink", "link", "rename", "remove",
        "rmdir",
    ]

    /// Whatever is done to a file changes one of its times.
    private static func state(of directory: String) async throws -> String {
        let words = [directory, "-printf", "%P %y %m %s %T@ %C@ %l\\n"]
        let outcome = try await Command("/usr/bin/find", words).run()
        guard outcome.ending == .exited(0) else { throw TestFailure("no state of \(directory)", outcome) }
        return outcome.outputText
    }

    @Test("wait for the commit of what was before, where they are allowed")
    func held() async throws {
        try await ScratchDirectory.with { scratch in
            for name in ["file", "other", "log"] { try scratch.write(name, text: "some bytes") }
            var options = ReplicationOptions()
            options.unreplicatedPaths = [scratch.path]
            options.epoch = "5ms"
            var command = Command("/usr/bin/python3", ["-c", OutsideWritesTests.told, scratch.path])
            command.input = .held
            let outcome = try await ReplicatedGuest.with(command, options) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("ready\n")
                for action in OutsideWritesTests.actions {
                    let before = try await OutsideWritesTests.state(of: scratch.path)
                    try await ReplicatedGuest.stop(guest.mirror)
                    guest.primary.send(text: "\(action)\n")
                    try await Task.sleep(nanoseconds: 30_000_000)
                    let meanwhile = try await OutsideWritesTests.state(of: scratch.path)
                    guest.mirror.send(signal: SIGCONT)
                    try await guest.primary.waitForOutput("did \(action)\n")
                    let after = try await OutsideWritesTests.state(of: scratch.path)
                    #expect(meanwhile == before, "\(action) did not wait")
                    #expect(after != before, "\(action) was not done")
                }
                guest.primary.closeInput()
                return try await guest.waitForEnd()
            }
            try outcome.requireNoTrouble()
        }
    }
}
