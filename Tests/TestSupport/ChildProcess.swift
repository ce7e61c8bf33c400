import CTestSupport
import Glibc

/// A process started by a test, leader of a process group of its own.
struct ChildProcess {
    let pid: pid_t
    /// The test's ends of the pipes, or -1; they do not block.
    let input: Int32
    let output: Int32
    let errors: Int32

    /// Starts it with default signal actions and no other descriptors than the first three.
    init(_ command: Command) throws {
        _ = ChildProcess.runnerIsPrepared
        var pipes = PipeEnds()
        defer { pipes.closeChildEnds() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }

        input = try ChildProcess.add(command.input, to: &actions, &pipes)
        output = try ChildProcess.add(command.output, as: 1, to: &actions, &pipes)
        errors = try ChildProcess.add(command.errors, as: 2, to: &actions, &pipes)
        _ = file_actions_add_close_from(&actions, 3)
        if let directory = command.directory { _ = file_actions_add_change_directory(&actions, directory) }

        let arguments = [Array(command.program.utf8)] + command.arguments
        let environment = command.environment.map { Array($0.utf8) }
        var child: pid_t = 0
        var failure: Int32 = 0
        // A program that a test has just written may still be open for writing in a child that another test forked at
        // that moment and that has not come to its exec yet.
        for _ in 0..<100 {
            failure = withStringArray(arguments) { argv in
                withStringArray(environment) { envp in
                    ChildProcess.withAttributes { posix_spawn(&child, command.program, &actions, $0, argv, envp) }
                }
            }
            if failure != ETXTBSY { break }
            usleep(20_000)
        }
        guard failure == 0 else {
            for end in [input, output, errors] where end >= 0 { close(end) }
            throw TestFailure("cannot start \(command.replayLine): \(String(cString: strerror(failure)))")
        }
        pid = child
    }

    /// A pipe nobody reads must not end the test runner, and no guest that dies may leave a core file.
    private static let runnerIsPrepared: Bool = {
        signal(SIGPIPE, SIG_IGN)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        none.rlim_cur = 0
        return setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0
    }()

    private static func withAttributes(_ body: (UnsafePointer<posix_spawnattr_t>) -> Int32) -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        return body(&attributes)
    }

    private static func add(
        _ input: Command.Input, to actions: inout posix_spawn_file_actions_t, _ pipes: inout PipeEnds
    ) throws -> Int32 {
        switch input {
        case .null: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        case .file(let path): posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0)
        case .closed: posix_spawn_file_actions_addclose(&actions, 0)
        case .bytes, .held:
            let ends = try pipes.make()
            posix_spawn_file_actions_adddup2(&actions, ends.read, 0)
            pipes.childEnds.append(ends.read)
            return PipeEnds.nonblocking(ends.write)
        }
        return -1
    }

    private static func add(
        _ output: Command.Output, as number: Int32, to actions: inout posix_spawn_file_actions_t,
        _ pipes: inout PipeEnds
    ) throws -> Int32 {
        switch output {
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        case .closed: posix_spawn_file_actions_addclose(&actions, number)
        case .captured, .brokenAfter:
            let ends = try pipes.make()
            posix_spawn_file_actions_adddup2(&actions, ends.write, number)
            pipes.childEnds.append(ends.write)
            return PipeEnds.nonblocking(ends.read)
        }
        return -1
    }
}

/// The pipes of one start. All ends close on exec, so that two starts at once do not share any.
private struct PipeEnds {
    var childEnds: [Int32] = []

    mutating func make() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe_close_on_exec(&ends) == 0 else {
            throw TestFailure("no pipe: \(String(cString: strerror(errno)))")
        }
        return (PipeEnds.high(ends[0]), PipeEnds.high(ends[1]))
    }

    mutating func closeChildEnds() {
        for end in childEnds { close(end) }
        childEnds = []
    }

    static func nonblocking(_ end: Int32) -> Int32 {
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
        return end
    }

    // Above the first three: a file action dup2(0, 0) would leave close-on-exec set.
    private static func high(_ end: Int32) -> Int32 {
        guard end < 3 else { return end }
        let moved = fcntl(end, F_DUPFD_CLOEXEC, 3)
        close(end)
        return moved
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withStringArray<Result>(
    _ strings: [[UInt8]], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { bytes in
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
        copy[bytes.count] = 0
        return copy
    }
    pointers.append(nil)
    defer { for pointer in pointers { pointer?.deallocate() } }
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the array holds at least the null") }
        return body(base)
    }
}
