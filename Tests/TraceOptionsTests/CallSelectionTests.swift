import GuestKernel
import Testing

@testable import Tracing

@Suite("-e trace=")
struct CallSelectionTests {
    private static func names(_ text: String) throws -> [String] {
        let selection = try CallSelection(parsing: text)
        return SyscallTable.rows.compactMap { $0 }.filter { selection.contains($0.number) }.map(\.name).sorted()
    }

    @Test(
        "names, numbers, classes and patterns",
        arguments: [
            ("open", ["open"]), ("open,close", ["close", "open"]), ("open,open", ["open"]), (",open,", ["open"]),
            ("12", ["brk"]), ("open@64", ["open"]), ("%stat", ["stat"]), ("%statfs,%fstatfs", ["fstatfs", "statfs"]),
            ("%%stat", ["fstat", "lstat", "newfstatat", "stat", "statx"]), ("/^statx?$", ["stat", "statx"]),
            ("?no_such_call,open", ["open"]), ("?%none,?/xyz", []), ("none", []), ("!all", []), ("!!open", ["open"]),
            ("%lstat", ["lstat"]), ("%%statfs", ["fstatfs", "statfs", "ustat"]),
        ])
    func sets(_ text: String, _ expected: [String]) throws {
        #expect(try Self.names(text) == expected)
    }

    @Test("short and older names of classes")
    func aliases() throws {
        for (one, other) in [
            ("%net", "%network"), ("%mem", "%memory"), ("file", "%file"), ("desc", "%desc"), ("memory", "%memory"),
            ("network", "%network"), ("process", "%process"), ("signal", "%signal"), ("ipc", "%ipc"),
        ] {
            #expect(try CallSelection(parsing: one) == CallSelection(parsing: other), "\(one)")
        }
    }

    @Test("every member of every class is a syscall, and named once")
    func members() {
        let known = Set(SyscallTable.rows.compactMap { $0?.name })
        for callClass in CallClass.allCases {
            let names = callClass.members.split(separator: " ").map(String.init)
            #expect(Set(names).count == names.count, "\(callClass)")
            #expect(Set(names).isSubset(of: known), "\(callClass): \(Set(names).subtracting(known))")
        }
        #expect(CallClass.file.selection.contains(59) && CallClass.process.selection.contains(59), "execve")
    }

    @Test("all but some; what has no name belongs to all and to every inverted set")
    func inverted() throws {
        for text in ["!open", "\\!open"] {
            let selection = try CallSelection(parsing: text)
            #expect(!selection.contains(2) && selection.contains(3), "\(text)")
            for number in [511, 512, 100_000, -1, Int.min, Int.max] { #expect(selection.contains(number)) }
        }
        #expect(try CallSelection(parsing: "all") == .all)
        #expect(try CallSelection(parsing: "open,all") == .all)
        #expect(try CallSelection(parsing: "!none") == .all)
        #expect(try !CallSelection(parsing: "open").contains(512))
    }

    @Test("the bitmap is flat")
    func flat() {
        #expect(MemoryLayout<CallSelection>.size == 64)
        #expect(MemoryLayout<CallSelection>.stride == 64)
    }

    @Test(
        "errors name what was meant",
        arguments: [
            ("opn", "no syscall is called opn; did you mean open?"),
            ("%fil", "no class of syscalls is called %fil; did you mean %file?"),
            ("zzzzzzzzzz", "no syscall is called zzzzzzzzzz"),
            ("", "an empty set of syscalls: name some, or use all or none"),
            (",,", "an empty set of syscalls: name some, or use all or none"),
            ("!", "an empty set of syscalls: name some, or use all or none"),
            ("/no_such", "no syscall's name matches /no_such"),
            ("/[", "/[ is no regular expression: invalid regular expression"),
            ("open@32", "not supported: open@32: a guest makes 64-bit calls only; leave @32 out"),
            ("512", "no syscall is called 512"), ("99999999999999999999", "no syscall is called 99999999999999999999"),
            ("-1", "no syscall is called -1"),
        ])
    func errors(_ text: String, _ message: String) {
        #expect(throws: TraceOptionError(message)) { try CallSelection(parsing: text) }
    }
}
