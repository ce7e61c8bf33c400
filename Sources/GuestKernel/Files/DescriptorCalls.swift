import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// close, dup, fcntl and flock: what is about descriptors more than about files.
enum DescriptorCalls {
    static func close(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let descriptor = Int32(truncatingIfNeeded: arguments.a)
        if thread.kernel.output != nil, let file = thread.kernel.files.find(arguments.a), file.hold?.kind == .fifo {
            // As each write to it: the reader that sees its end may be the guest's own.
            let settled = thread.settleOutput(file)
            if settled != 0 { return settled }
            file.hold?.allowClose()
        }
        guard let file = thread.kernel.files.remove(descriptor) else { return failed(EBADF) }
        settleClosed(thread.kernel, file)
        return 0
    }

    static func closeRange(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let first = UInt32(truncatingIfNeeded: arguments.a)
        let last = UInt32(truncatingIfNeeded: arguments.b)
        let flags = arguments.c
        guard first <= last, flags & ~6 == 0 else { return failed(EINVAL) }
        for (descriptor, file) in thread.kernel.files.snapshot()
        where UInt32(descriptor) >= first && UInt32(descriptor) <= last {
            if flags & 4 != 0 {  // CLOSE_RANGE_CLOEXEC
                thread.kernel.files.setClosesOnExec(descriptor, true)
            } else if thread.kernel.files.remove(descriptor) != nil {
                settleClosed(thread.kernel, file)
            }
        }
        return 0
    }

    static func dup(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        return thread.kernel.files.add(file, closesOnExec: false)
    }

    static func dup2(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard thread.kernel.files.find(arguments.a) != nil else { return failed(EBADF) }
        if UInt32(truncatingIfNeeded: arguments.a) == UInt32(truncatingIfNeeded: arguments.b) {
            return Int(UInt32(truncatingIfNeeded: arguments.a))
        }
        return place(thread, arguments.a, arguments.b, closesOnExec: false)
    }

    static func dup3(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard Int32(truncatingIfNeeded: arguments.c) & ~O_CLOEXEC == 0 else { return failed(EINVAL) }
        if UInt32(truncatingIfNeeded: arguments.a) == UInt32(truncatingIfNeeded: arguments.b) { return failed(EINVAL) }
        let closesOnExec = Int32(truncatingIfNeeded: arguments.c) & O_CLOEXEC != 0
        return place(thread, arguments.a, arguments.b, closesOnExec: closesOnExec)
    }

    private static func place(
        _ thread: GuestThread, _ source: UInt64, _ target: UInt64, closesOnExec: Bool
    ) -> Int {
        guard let file = thread.kernel.files.find(source) else { return failed(EBADF) }
        let index = Int(UInt32(truncatingIfNeeded: target))
        switch thread.kernel.files.place(file, at: index, closesOnExec: closesOnExec) {
        case .failure(let error): return failed(error.errno)
        case .success(let old):
            if let old { settleClosed(thread.kernel, old) }
            return index
        }
    }

    // MARK: - fcntl

    static func fcntl(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let descriptor = Int32(truncatingIfNeeded: arguments.a)
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let command = Int32(truncatingIfNeeded: arguments.b)
        switch command {
        case F_DUPFD, F_DUPFD_CLOEXEC:
            let minimum = Int(UInt32(truncatingIfNeeded: arguments.c))
            guard minimum < thread.kernel.files.limit else { return failed(EINVAL) }
            return thread.kernel.files.add(file, closesOnExec: command == F_DUPFD_CLOEXEC, minimum: minimum)
        case F_GETFD:
            return thread.kernel.files.closesOnExec(descriptor) == true ? Int(FD_CLOEXEC) : 0
        case F_SETFD:
            thread.kernel.files.setClosesOnExec(descriptor, arguments.c & UInt64(FD_CLOEXEC) != 0)
            return 0
        case F_GETFL:
            // The kernel reports O_LARGEFILE for every 64-bit open of a file by path.
            return Int(file.statusFlags.load(ordering: .relaxed))
        case F_SETFL:
            return setFlags(file, descriptor, Int32(truncatingIfNeeded: arguments.c))
        case F_SETLKW, 38:  // F_OFD_SETLKW
            return waitForLock(thread, file, arguments, command)
        case F_GETLK, F_SETLK, 36, 37:  // F_OFD_GETLK, F_OFD_SETLK
            guard arguments.c < GuestLayout.arenaEnd else { return failed(EFAULT) }
            if command == F_SETLK { thread.kernel.files.usesRecordLocks.store(true, ordering: .relaxed) }
            return thread.opening(arguments.c) {
                hostCall(__NR_fcntl, UInt64(signed: file.hostFD), arguments.b, arguments.c)
            }
        case 1035, 1036:  // F_GET_RW_HINT, F_SET_RW_HINT
            guard arguments.c < GuestLayout.arenaEnd else { return failed(EFAULT) }
            return thread.opening(arguments.c) {
                hostCall(__NR_fcntl, UInt64(signed: file.hostFD), arguments.b, arguments.c)
            }
        case 1031, 1032:  // F_SETPIPE_SZ, F_GETPIPE_SZ
            return PipeCalls.capacity(thread, file, arguments)
        case 1033, 1034, 1025:  // F_ADD_SEALS, F_GET_SEALS, F_GETLEASE
            return hostCall(__NR_fcntl, UInt64(signed: file.hostFD), arguments.b, arguments.c)
        default:
            return signalControl(thread, file, descriptor, command, arguments.c)
        }
    }

    private static func signalControl(
        _ thread: GuestThread, _ file: FileDescription, _ descriptor: Int32, _ command: Int32, _ argument: UInt64
    ) -> Int {
        switch command {
        case F_SETOWN: DescriptorSignalCalls.setOwner(thread, file, Int32(truncatingIfNeeded: argument))
        case F_GETOWN: DescriptorSignalCalls.owner(of: file)
        case 10: DescriptorSignalCalls.setSignal(thread.kernel, file, argument)  // F_SETSIG
        case 11: file.signals.withLock { Int($0.signal) }  // F_GETSIG
        case 15: DescriptorSignalCalls.setOwner(thread, file, at: argument)  // F_SETOWN_EX
        case 16: DescriptorSignalCalls.storeOwner(of: file, at: argument)  // F_GETOWN_EX
        case 1026:  // F_NOTIFY
            DescriptorSignalCalls.notify(thread.kernel, file, descriptor, UInt32(truncatingIfNeeded: argument))
        default: failed(EINVAL)
        }
    }

    /// Flags that F_SETFL may change (fs/fcntl.c, SETFL_MASK).
    private static let settable: Int32 = O_APPEND | O_NONBLOCK | O_ASYNC | 0o40000 | 0o1000000

    private static func setFlags(_ file: FileDescription, _ descriptor: Int32, _ flags: Int32) -> Int {
        // O_NONBLOCK is the supervisor's on the host: the guest's wish is only recorded. O_ASYNC has its own way.
        let ownFlags = O_NONBLOCK | O_ASYNC
        let passed = flags & (settable & ~ownFlags)
        if file.kind == .regular || file.kind == .device {
            let current = Int32(truncatingIfNeeded: hostCall(__NR_fcntl, UInt64(signed: file.hostFD), UInt64(F_GETFL)))
            let result = hostCall(
                __NR_fcntl, UInt64(signed: file.hostFD), UInt64(F_SETFL),
                UInt64(signed: current & ~(settable & ~ownFlags) | passed))
            if result < 0 { return result }
        }
        let isAsynchronous = flags & O_ASYNC != 0
        if isAsynchronous != (file.statusFlags.load(ordering: .relaxed) & O_ASYNC != 0) {
            let result = DescriptorSignalCalls.setAsynchronous(file, descriptor, isAsynchronous)
            if result < 0, result != -Int(ENOTTY) { return result }
        }
        let kept = file.statusFlags.load(ordering: .relaxed) & ~settable
        file.statusFlags.store(kept | flags & settable, ordering: .relaxed)
        return 0
    }

    /// A lock that has to be waited for is tried again at growing intervals: the host's own wait
    /// could not be left for a signal without losing it.
    private static func waitForLock(
        _ thread: GuestThread, _ file: FileDescription, _ arguments: SyscallArguments, _ command: Int32
    ) -> Int {
        guard arguments.c < GuestLayout.arenaEnd else { return failed(EFAULT) }
        if command == F_SETLKW { thread.kernel.files.usesRecordLocks.store(true, ordering: .relaxed) }
        let trying: UInt64 = command == F_SETLKW ? UInt64(F_SETLK) : 37
        return retryWithBackoff(thread) {
            hostCall(__NR_fcntl, UInt64(signed: file.hostFD), trying, arguments.c)
        }
    }

    static func flock(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let operation = Int32(truncatingIfNeeded: arguments.b)
        let trying = UInt64(UInt32(bitPattern: operation | LOCK_NB))
        if operation & LOCK_NB != 0 { return hostCall(__NR_flock, UInt64(signed: file.hostFD), trying) }
        return retryWithBackoff(thread) { hostCall(__NR_flock, UInt64(signed: file.hostFD), trying) }
    }

    private static func retryWithBackoff(_ thread: GuestThread, _ act: () -> Int) -> Int {
        var pauseNanoseconds: UInt64 = 50_000
        while true {
            let result = act()
            if result != -Int(EAGAIN), result != -Int(EACCES) { return result }
            guard thread.prepareToSleep() else { return Restart.system }
            let deadline = thread.kernel.clock.deadline(after: pauseNanoseconds)
            _ = thread.sleepUntilWoken(deadlineNanoseconds: deadline)
            pauseNanoseconds = min(pauseNanoseconds * 2, 10_000_000)
        }
    }

    // MARK: - What closing means to others

    private static func settleClosed(_ kernel: GuestKernel, _ file: FileDescription) {
        dropRecordLocks(kernel, file)
        // With the last socket goes whatever was on its way through one.
        if file.kind == .socket, kernel.network.inFlight.mayKeep, !kernel.files.hasAny(.socket) {
            kernel.network.inFlight.forgetAll()
        }
    }

    /// Closing any descriptor of a file drops the process's record locks on it, even where the description lives on
    /// under another number (fcntl(2)). A duplicate of the host's that is closed at once does that.
    private static func dropRecordLocks(_ kernel: GuestKernel, _ file: FileDescription) {
        guard file.kind == .regular, kernel.files.usesRecordLocks.load(ordering: .relaxed) else { return }
        let duplicate = hostCall(__NR_fcntl, UInt64(signed: file.hostFD), UInt64(F_DUPFD_CLOEXEC), 0)
        if duplicate >= 0 { hostCall(__NR_close, UInt64(duplicate)) }
    }
}
