import TestSupport
import Testing
import Unwinding

/// Stacks of a real program, compiled in several ways, walked from a copy of its memory. What is found has to be what
/// the C library's backtrace(3) finds in the same place, and as names what the program's source says.
@Suite("stack walks")
struct StackWalkerTests {
    struct Build: CustomStringConvertible, Sendable {
        let name: String
        let options: [String]
        /// Whether backtrace(3) can find its way as well.
        var hasTables = true
        var description: String { name }
    }

    private static let builds = [
        Build(name: "unoptimised", options: ["-O0"]),
        Build(name: "optimised", options: ["-O2"]),
        Build(name: "frame pointers", options: ["-O2", "-fno-omit-frame-pointer"]),
        Build(name: "no frame pointers", options: ["-O3", "-fomit-frame-pointer"]),
        Build(name: "at fixed addresses", options: ["-O2", "-no-pie"]),
        Build(name: "static", options: ["-O2", "-static"]),
        Build(name: "static, position-independent", options: ["-O2", "-static-pie"]),
        Build(
            name: "frame pointers only",
            options: ["-O0", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-omit-frame-pointer"],
            hasTables: false),
    ]

    /// What a signal's handler returns to has a name of its own where the C library's names are in the program.
    @Test("the way back from a signal's handler")
    func signalReturn() async throws {
        try await ScratchDirectory.with { scratch in
            let program = try await StackProgram.compile(["-O2", "-static"], in: scratch)
            var walker = StackWalker()
            let lines = try await StackProgram.dump(program, "signal", in: scratch).walk(&walker).lines
            #expect(lines.contains { $0.contains("(__restore_rt+0x0)") }, "\(lines)")
        }
    }

    /// How the program is called, and the functions of its own that have to be on the stack, the innermost first.
    private static let cases: [(name: String, functions: [String])] = [
        ("plain", ["capture", "in_plain", "main"]),
        ("recursion", ["capture", "in_plain"] + [String](repeating: "in_recursion", count: 41) + ["main"]),
        ("alloca", ["capture", "in_alloca", "main"]),
        ("aligned", ["capture", "in_aligned", "main"]),
        ("sort", ["capture", "compare", "in_sort", "main"]),
        ("signal", ["capture", "handler", "in_signal", "main"]),
        ("altstack", ["capture", "handler", "in_signal", "main"]),
        ("fault", ["capture", "skip_fault", "fault", "in_fault", "main"]),
        ("thread", ["capture", "in_thread"]),
        ("last", ["capture", "in_last_call", "main"]),
        ("generated", ["capture", "in_generated", "main"]),
    ]

    @Test("the same callers as backtrace(3), with their names", arguments: builds)
    func callers(build: Build) async throws {
        try await ScratchDirectory.with { scratch in
            let program = try await StackProgram.compile(build.options, in: scratch)
            for (name, functions) in StackWalkerTests.cases {
                let dump = try await StackProgram.dump(program, name, in: scratch)
                var walker = StackWalker()
                let (frames, lines) = dump.walk(&walker)
                // By what the first walk has learnt.
                #expect(dump.walk(&walker).frames == frames)
                let whole = "\(build), \(name):\n\(lines.joined(separator: "\n"))"
                // The first is another place in the same function. Through generated code only we find a way.
                if build.hasTables, name != "generated" {
                    #expect(frames.dropFirst().map(\.address) == Array(dump.backtrace.dropFirst()), "\(whole)")
                }
                #expect(StackWalkerTests.functions(of: lines, program) == functions, "\(whole)")
            }
        }
    }

    /// Names of the program's own functions in lines of frames, without those of its C library.
    private static func functions(of lines: [String], _ program: String) -> [String] {
        let known = Set(cases.flatMap(\.functions))
        return lines.compactMap { line in
            let prefix = " > \(program)("
            guard line.hasPrefix(prefix) else { return nil }
            let name = line.dropFirst(prefix.count).prefix { $0 != "+" }
            return known.contains(String(name)) ? String(name) : nil
        }
    }
}
