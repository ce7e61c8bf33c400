import TestSupport

/// `programs/stacks.c`, which calls in many ways and writes down how it got there.
enum StackProgram {
    /// Compiles it; returns the program's path.
    static func compile(_ options: [String], in scratch: ScratchDirectory) async throws -> String {
        let program = scratch.file("stacks")
        let source = TestEnvironment.packageRoot + "/Tests/UnwindingTests/programs/stacks.c"
        let fixed = ["-fno-optimize-sibling-calls", "-o", program, source]
        let outcome = try await Command("/usr/bin/gcc", options + fixed).run()
        guard outcome.status == 0 else { throw TestFailure("\(outcome)") }
        return program
    }

    /// Runs it; returns what it wrote.
    static func dump(_ program: String, _ name: String, in scratch: ScratchDirectory) async throws -> ProcessDump {
        let outcome = try await Command(program, [scratch.path, name]).run()
        guard outcome.status == 0 else { throw TestFailure("\(outcome)") }
        return try ProcessDump(name, in: scratch)
    }
}
