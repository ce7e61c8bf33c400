import CGuestEntry
import Glibc
import GuestMemory

/// Does a call by the host's kernel, translating the arguments by what the table says they are:
/// descriptors become host descriptors, thread ids host thread ids, paths go through the resolver,
/// and pointers are checked to lie below the arena's end (whether they are mapped is the host
/// kernel's EFAULT).
struct PassOn: Sendable {
    private let number: Int32
    private let kinds: [ArgumentKind]

    init(_ row: Syscall) {
        number = Int32(row.number)
        kinds = row.arguments
    }

    var handler: SyscallHandler {
        let isPlain = kinds.allSatisfy { $0 != .path && $0 != .linkPath && $0 != .directory }
        if isPlain { return { thread, arguments in passPlain(thread, arguments) } }
        return { thread, arguments in passPaths(thread, arguments) }
    }

    private func passPlain(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var translated = arguments
        var held: FileDescription?
        var alsoHeld: FileDescription?
        for (index, kind) in kinds.enumerated() {
            switch kind {
            case .descriptor:
                guard let file = thread.kernel.files.find(arguments[index]) else { return failed(EBADF) }
                if held == nil { held = file } else { alsoHeld = file }
                translated[index] = UInt64(signed: file.hostFD)
            case .pointer, .string:
                guard arguments[index] < GuestLayout.arenaEnd else { return failed(EFAULT) }
            case .processIdentity:
                let task = Int32(truncatingIfNeeded: arguments[index])
                guard let hostTask = thread.kernel.hostTask(task, thread) else { return failed(ESRCH) }
                translated[index] = UInt64(signed: hostTask)
            default:
                break
            }
        }
        return withExtendedLifetime((held, alsoHeld)) { call(translated) }
    }

    private func passPaths(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var translated = arguments
        var held: [FileDescription] = []
        var paths: [ResolvedPath] = []
        var directory: UInt64 = UInt64(signed: AT_FDCWD)
        for (index, kind) in kinds.enumerated() {
            switch kind {
            case .descriptor:
                guard let file = thread.kernel.files.find(arguments[index]) else { return failed(EBADF) }
                held.append(file)
                translated[index] = UInt64(signed: file.hostFD)
            case .directory:
                directory = arguments[index]
            case .path, .linkPath:
                let followsLast = kind == .path
                switch thread.kernel.paths.resolve(
                    thread.kernel, directory: directory, pathAt: arguments[index], followsLast: followsLast)
                {
                case .failure(let error): return failed(error.errno)
                case .success(let resolved):
                    paths.append(resolved)
                    if index > 0, kinds[index - 1] == .directory {
                        translated[index - 1] = UInt64(signed: resolved.hostDirectory)
                    }
                    translated[index] = resolved.pathAddress
                }
                directory = UInt64(signed: AT_FDCWD)
            case .pointer, .string:
                guard arguments[index] < GuestLayout.arenaEnd else { return failed(EFAULT) }
            default:
                break
            }
        }
        return withExtendedLifetime((held, paths)) { call(translated) }
    }

    private func call(_ arguments: SyscallArguments) -> Int {
        retryingInterrupts {
            hostCall(number, arguments.a, arguments.b, arguments.c, arguments.d, arguments.e, arguments.f)
        }
    }
}

extension SyscallArguments {
    subscript(index: Int) -> UInt64 {
        get {
            switch index {
            case 0: return a
            case 1: return b
            case 2: return c
            case 3: return d
            case 4: return e
            default: return f
            }
        }
        set {
            switch index {
            case 0: a = newValue
            case 1: b = newValue
            case 2: c = newValue
            case 3: d = newValue
            case 4: e = newValue
            default: f = newValue
            }
        }
    }
}
