import CGuestEntry
import Glibc
import GuestLoader
import GuestMemory

/// execve and execveat: the process goes on with another program, in place. A guest that is replicated stays that.
///
/// Everything that can fail does so before anything is changed. Then the other threads end, the old program's memory
/// goes, the new one is loaded, and a new thread takes the caller's place under the process's id.
enum ExecCalls {
    // linux/fcntl.h, linux/binfmts.h.
    private static let emptyPath: UInt32 = 0x1000
    private static let noFollow: UInt32 = 0x100
    private static let stringByteCountMax = 131_072
    private static let stringsByteCountMin: UInt64 = 131_072
    private static let stringsByteCountMax: UInt64 = 6 << 20

    private struct Request {
        var directory = UInt64(signed: AT_FDCWD)
        var path: UInt64
        var arguments: UInt64
        var environment: UInt64
        var flags: UInt32 = 0
    }

    static func execve(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        execute(thread, Request(path: arguments.a, arguments: arguments.b, environment: arguments.c))
    }

    static func execveat(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = UInt32(truncatingIfNeeded: arguments.e)
        guard flags & ~(emptyPath | noFollow) == 0 else { return failed(EINVAL) }
        return execute(
            thread,
            Request(
                directory: arguments.a, path: arguments.b, arguments: arguments.c, environment: arguments.d,
                flags: flags))
    }

    private static func execute(_ thread: GuestThread, _ request: Request) -> Int {
        if thread.mustEnd.load(ordering: .acquiring) { return failed(EINTR) }
        switch prepare(thread, request) {
        case .failure(let error): return failed(error.errno)
        case .success(let program):
            let isFirst = thread.kernel.isExecuting.compareExchange(
                expected: false, desired: true, ordering: .sequentiallyConsistent
            ).exchanged
            guard isFirst else { return waitForEnd(of: thread) }
            return thread.kernel.execute(program, thread)
        }
    }

    /// Another thread's has begun, and ends this one: it has no result that anybody sees.
    private static func waitForEnd(of thread: GuestThread) -> Int {
        while !thread.hasToEnd { thread.sleepBriefly() }
        return failed(EINTR)
    }

    // MARK: - What can fail

    private static func prepare(_ thread: GuestThread, _ request: Request) -> Result<PreparedProgram, CallError> {
        let kernel = thread.kernel
        let stackLimit = kernel.limits.soft(of: ResourceLimits.stack)
        // bprm_stack_limits in fs/exec.c: a quarter of the stack, within bounds.
        var left = Int(min(max(stackLimit / 4, stringsByteCountMin), stringsByteCountMax))
        do throws(CallError) {
            let (path, hostFD) = try open(thread, request)
            var opened: Int32? = hostFD
            defer { if let opened { hostCall(__NR_close, UInt64(signed: opened)) } }
            var arguments = try strings(at: request.arguments, &left)
            let environment = try strings(at: request.environment, &left)
            // Since Linux 5.18 there is always a name.
            if arguments.isEmpty { arguments = [[]] }
            do throws(ProgramError) {
                return .success(
                    try PreparedProgram(path: path, arguments: arguments, environment: environment) { name in
                        // The program itself is open already; what else is asked for is an interpreter.
                        if let given = opened {
                            opened = nil
                            return Int(given)
                        }
                        return openInterpreter(kernel, Array(name.utf8))
                    })
            } catch {
                throw CallError(errno: error.errno)
            }
        } catch {
            return .failure(error)
        }
    }

    /// The program's file, and what it is called: for one without a path of its own /dev/fd/N, as on Linux.
    private static func open(_ thread: GuestThread, _ request: Request) throws(CallError) -> (String, Int32) {
        let kernel = thread.kernel
        let path = try PathResolver.path(at: request.path).get()
        let isFromDescriptor = Int32(truncatingIfNeeded: request.directory) != AT_FDCWD
        if path.isEmpty {
            guard request.flags & emptyPath != 0 else { throw CallError(errno: ENOENT) }
            guard isFromDescriptor, let file = kernel.files.find(request.directory) else {
                throw CallError(errno: isFromDescriptor ? EBADF : EACCES)
            }
            let hostFD = try check(openAgain(file.hostFD))
            return ("/dev/fd/\(Int32(truncatingIfNeeded: request.directory))", hostFD)
        }
        let isRelative = isFromDescriptor && path.first != UInt8(ascii: "/")
        let options = PathWalkOptions(followsLast: request.flags & noFollow == 0)
        switch kernel.paths.resolveChecked(kernel, directory: request.directory, path: path, options) {
        case .failure(let error): throw error
        case .success(let resolved):
            let noLink = request.flags & noFollow != 0 ? O_NOFOLLOW : 0
            let hostFD = try check(openHost(resolved, noLink))
            let text = String(decoding: path, as: UTF8.self)
            return (isRelative ? "/dev/fd/\(Int32(truncatingIfNeeded: request.directory))/\(text)" : text, hostFD)
        }
    }

    private static func openInterpreter(_ kernel: GuestKernel, _ path: [UInt8]) -> Int {
        switch kernel.paths.resolveChecked(
            kernel, directory: UInt64(signed: AT_FDCWD), path: path, PathWalkOptions(followsLast: true))
        {
        case .failure(let error): return failed(error.errno)
        case .success(let resolved): return openHost(resolved, 0)
        }
    }

    private static func openHost(_ resolved: ResolvedPath, _ flags: Int32) -> Int {
        withExtendedLifetime(resolved) {
            retryingInterrupts {
                hostCall(
                    __NR_openat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress,
                    UInt64(UInt32(ProgramLoader.openFlags | flags)))
            }
        }
    }

    private static func openAgain(_ hostFD: Int32) -> Int {
        let path = HostFile.descriptorPath(hostFD) + [0]
        return hostCall(
            __NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(UInt32(ProgramLoader.openFlags)))
    }

    private static func check(_ result: Int) throws(CallError) -> Int32 {
        if result < 0 { throw CallError(errno: Int32(-result)) }
        return Int32(result)
    }

    /// A vector of strings, ended by a null pointer; 0 is an empty one.
    private static func strings(at address: UInt64, _ left: inout Int) throws(CallError) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        if address == 0 { return [] }
        while true {
            guard let place = GuestAccess.load(UInt64.self, at: address &+ UInt64(8 * strings.count)) else {
                throw CallError(errno: EFAULT)
            }
            if place == 0 { return strings }
            do {
                let string = try GuestAccess.string(at: place, limit: stringByteCountMax)
                left -= string.count + 1 + 8
                strings.append(string)
            } catch {
                throw CallError(errno: error == .fault ? EFAULT : E2BIG)
            }
            guard left >= 0 else { throw CallError(errno: E2BIG) }
        }
    }
}
