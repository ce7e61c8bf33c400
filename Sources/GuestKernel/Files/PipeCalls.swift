import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// pipe, pipe2, and what fcntl does to pipes alone.
enum PipeCalls {
    /// Sixteen pages, unless the user already has very many pipes (pipe(7)).
    private static let usualCapacity = 65536
    /// O_DIRECT on a pipe: each write is a packet of its own.
    private static let packetMode: Int32 = 0o40000
    private static let commandGetPipeSize: UInt64 = 1032

    static func pipe(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        make(thread, at: arguments.a, flags: 0)
    }

    static func pipe2(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = Int32(truncatingIfNeeded: arguments.b)
        guard flags & ~(O_CLOEXEC | O_NONBLOCK | packetMode) == 0 else { return failed(EINVAL) }
        return make(thread, at: arguments.a, flags: flags)
    }

    private static func make(_ thread: GuestThread, at address: UInt64, flags: Int32) -> Int {
        var ends: (Int32, Int32) = (0, 0)
        let hostFlags = flags & packetMode | O_NONBLOCK | O_CLOEXEC
        let made = hostCall(__NR_pipe2, UInt64(address: &ends), UInt64(UInt32(bitPattern: hostFlags)))
        if made < 0 { return made }
        let number = thread.kernel.network.nextObjectNumber()
        let reader = FileDescription(
            kind: .pipe, hostFD: ends.0, statusFlags: flags & O_NONBLOCK | O_RDONLY,
            record: .pipe(PipeRecord(pipe: number, isWriteEnd: false, capacity: usualCapacity)))
        let writer = FileDescription(
            kind: .pipe, hostFD: ends.1, statusFlags: flags & ~O_CLOEXEC | O_WRONLY,
            record: .pipe(PipeRecord(pipe: number, isWriteEnd: true, capacity: usualCapacity)))
        return thread.kernel.files.hand(reader, writer, closesOnExec: flags & O_CLOEXEC != 0, to: address)
    }

    /// F_SETPIPE_SZ and F_GETPIPE_SZ: the size belongs to both ends, so both records learn it.
    static func capacity(_ thread: GuestThread, _ file: FileDescription, _ arguments: SyscallArguments) -> Int {
        let result = hostCall(
            __NR_fcntl, UInt64(signed: file.hostFD), arguments.b, UInt64(UInt32(truncatingIfNeeded: arguments.c)))
        guard result > 0, case .pipe(let changed) = file.record.withLock({ $0 }) else { return result }
        if arguments.b & 0xffff_ffff == commandGetPipeSize, changed.capacity == result { return result }
        for (_, other) in thread.kernel.files.snapshot() where other.kind == .pipe {
            other.record.withLock { record in
                guard case .pipe(var end) = record, end.pipe == changed.pipe else { return }
                end.capacity = result
                record = .pipe(end)
            }
        }
        return result
    }
}

extension FileTable {
    /// Adds two descriptions and writes their numbers to guest memory (pipe2, socketpair); both or neither stay.
    func hand(
        _ first: FileDescription, _ second: FileDescription, closesOnExec: Bool, to address: UInt64
    ) -> Int {
        guard let (one, two) = addPair(first, second, closesOnExec: closesOnExec) else { return failed(EMFILE) }
        let numbers = UInt64(UInt32(one)) | UInt64(UInt32(two)) << 32
        if GuestAccess.store(numbers, at: address) { return 0 }
        _ = remove(Int32(one))
        _ = remove(Int32(two))
        return failed(EFAULT)
    }
}
