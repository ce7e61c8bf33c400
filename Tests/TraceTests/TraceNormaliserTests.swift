import Testing

/// The comparison itself: what it passes over, and that it finds everything else.
@Suite("comparing traces")
struct TraceNormaliserTests {
    private static let trace = #"""
        101   execve("/bin/cat", ["cat", "/proc/101"], 0x7ffd4f33c080 /* 4 vars */) = 0
        101   brk(NULL)                         = 0x556245f3b000
        101   openat(AT_FDCWD, "f\"0x7ffd4f33c080", O_RDONLY) = 3
        101   getrandom("\x89\x93", 2, GRND_NONBLOCK) = 2
        101   write(1, "ab = c", 6)             = 6
        101   exit_group(0)                     = ?
        101   +++ exited with 0 +++

        """#

    private func texts(_ trace: String) throws -> [[String]] {
        try TraceNormaliser.threads(of: trace).map { $0.map(\.text) }
    }

    private func difference(_ first: String, _ second: String) throws -> String? {
        try TraceComparison(reference: first, ours: second).difference
    }

    @Test("threads and addresses have names, strings keep their numbers")
    func names() throws {
        let lines = try texts(Self.trace)[0]
        #expect(lines[0] == #"execve("/bin/cat", ["cat", "/proc/THREAD1"], ADDRESS1 /* 4 vars */) = 0"#)
        #expect(lines[1] == "brk(NULL) = ADDRESS2")
        #expect(lines[2] == #"openat(AT_FDCWD, "f\"0x7ffd4f33c080", O_RDONLY) = 3"#)
        #expect(lines[3] == "getrandom(RANDOM, 2, GRND_NONBLOCK) = 2")
        #expect(lines[4] == #"write(1, "ab = c", 6) = 6"#)
    }

    @Test("two runs are the same")
    func same() throws {
        let other = Self.trace.replacing("101 ", with: "977 ").replacing("/proc/101", with: "/proc/977")
            .replacing("0x556245f3b000", with: "0x55aaaaaaa000").replacing("\\x89", with: "\\x77")
        #expect(try difference(Self.trace, other) == nil)
    }

    @Test(
        "a change is found",
        arguments: [
            ("\"ab = c\"", "\"ab = d\""), (", 6)  ", ", 7)  "), ("= 6", "= 5"), ("= 3", "= -1 EPERM (…)"),
            ("write", "read"),
            ("O_RDONLY", "O_RDWR"), ("exited with 0", "exited with 1"), ("4 vars", "5 vars"), ("brk(NULL)", "brk(0x1)"),
            ("= ?", "= 0"), ("            = 6", "           = 6"), ("/proc/101", "/proc/102"), (", 2, ", ", 3, "),
            ("101   brk(NULL)                         = 0x556245f3b000\n", ""),
            ("101   +++ exited with 0 +++\n", ""), ("= 0x556245f3b000", "= 0x7ffd4f33c080"),
        ])
    func change(_ from: String, _ to: String) throws {
        let changed = Self.trace.replacing(from, with: to)
        try #require(changed != Self.trace)
        let difference = try #require(try difference(Self.trace, changed))
        #expect(!difference.contains("\n") && difference.contains("line "), "\(difference)")
        #expect(try self.difference(changed, Self.trace) != nil)
    }

    @Test("two lines that change places are found")
    func swapped() throws {
        var lines = Self.trace.split(separator: "\n").map(String.init)
        lines.swapAt(2, 4)
        #expect(try difference(Self.trace, lines.joined(separator: "\n")) != nil)
    }

    @Test("threads are told apart, and halves of calls joined")
    func threads() throws {
        let trace = """
            201   read(3,  <unfinished ...>
            202   write(4, "x", 1 <unfinished ...>
            201   <... read resumed>"x", 1)         = 1
            202   <... write resumed>)              = 1
            202   pause( <unfinished ...>
            202   +++ exited with 0 +++
            """
        let threads = try texts(trace)
        #expect(threads[0] == [#"read(3, "x", 1) = 1"#])
        #expect(threads[1] == [#"write(4, "x", 1) = 1"#, "pause(", "+++ exited with 0 +++"])
        for (from, to) in [
            ("<... read", "<... readv"), ("201   <... read resumed>\"x\", 1)         = 1\n", "202   x() = 0\n"),
        ] {
            #expect(throws: TraceFormatError.self) { try texts(trace.replacing(from, with: to)) }
        }
    }

    @Test("threads are numbered as they were made")
    func order() throws {
        let first = "7     clone3({}, 88) = 8\n7     clone3({}, 88) = 9\n8     gettid() = 8\n9     gettid() = 9\n"
        let second = "7     clone3({}, 88) = 9\n9     gettid() = 9\n7     clone3({}, 88) = 8\n8     gettid() = 8\n"
        #expect(
            try TraceNormaliser.threads(of: first, resultColumn: nil).map { $0.map(\.text) } == [
                ["clone3({}, 88) = THREAD2", "clone3({}, 88) = THREAD3"], ["gettid() = THREAD2"],
                ["gettid() = THREAD3"],
            ])
        #expect(try TraceComparison(reference: first, ours: second, resultColumn: nil).difference == nil)
    }

    @Test("each expected difference has a reason, and says of nothing else that it is the same")
    func expected() throws {
        let other = Self.trace + "101   rseq(0x1, 0x20, 0, 0x53053053)    = 0\n101   getppid()     = 7\n"
        #expect(
            try difference(
                other,
                other.replacing("= 7", with: "= 8").replacing("101   rseq(0x1, 0x20, 0, 0x53053053)    = 0\n", with: "")
            ) == nil)
        #expect(ExpectedDifference.all.count <= 5 && ExpectedDifference.all.allSatisfy { !$0.reason.isEmpty })
        let lines = Self.trace.split(separator: "\n").map {
            TraceLine(number: 1, written: "", text: String($0.dropFirst(6)))
        }
        #expect(ExpectedDifference.removed(from: lines) == lines)
    }
}
