import CGuestEntry
import Glibc
import GuestMemory

extension TransferCalls {
    static func pread(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        positioned(thread, arguments, __NR_pread64)
    }

    static func pwrite(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        positioned(thread, arguments, __NR_pwrite64)
    }

    private static func positioned(_ thread: GuestThread, _ arguments: SyscallArguments, _ number: Int32) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard GuestAccess.mayPass(arguments.b, arguments.c) else { return failed(EFAULT) }
        if file.mayWait { return failed(file.kind == .lost ? EIO : ESPIPE) }
        let settled =
            number == __NR_pwrite64 ? thread.settlePositionedWrite(file) : thread.settleFileBytes(file)
        if settled != 0 { return settled }
        let count = Int(min(arguments.c, UInt64(byteCountMax)))
        if number == __NR_pwrite64, let volume = file.volume, arguments.d <= UInt64(Int64.max) {
            let pieces = IOVectors(thread, arguments.b, count)
            return VolumeTransfer.write(thread, file, volume, pieces, position: arguments.d)
        }
        return inPieces(thread, count) { offset, length in
            let address = arguments.b &+ UInt64(offset)
            let call = {
                hostCall(
                    number, UInt64(signed: file.hostFD), address, UInt64(length), arguments.d &+ UInt64(offset))
            }
            if number == __NR_pread64 { return thread.reading(file, address, length, call) }
            return thread.noting(file, at: arguments.d &+ UInt64(offset), call)
        }
    }

    static func readv(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        vector(thread, arguments, isWrite: false)
    }

    static func writev(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        vector(thread, arguments, isWrite: true)
    }

    private static func vector(_ thread: GuestThread, _ arguments: SyscallArguments, isWrite: Bool) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let pieces: IOVectors
        switch IOVectors.load(thread, at: arguments.b, count: arguments.c) {
        case .success(let loaded): pieces = loaded
        case .failure(let error): return failed(error.errno)
        }
        let number = isWrite ? __NR_writev : __NR_readv
        if file.kind == .lost { return failed(EIO) }
        if file.kind == .signal {
            if isWrite { return failed(EINVAL) }
            guard pieces.count > 0 else { return 0 }
            return SignalFile.read(thread, file, UInt64(address: pieces.base[0].iov_base), pieces.base[0].iov_len)
        }
        if file.kind == .socket {
            return isWrite
                ? MessageCalls.sendVector(thread, file, pieces) : MessageCalls.receiveVector(thread, file, pieces)
        }
        if isWrite, let hold = file.hold, let held = HeldTransfer.write(thread, file, hold, pieces) { return held }
        if isWrite, let volume = file.volume { return VolumeTransfer.write(thread, file, volume, pieces) }
        if !file.mayWait {
            // There is progress where the first bytes were held, and the rest is not.
            let done = thread.waiter.progress
            var rest = pieces
            rest.drop(done)
            let result = retryingInterrupts {
                let call = {
                    hostCall(number, UInt64(signed: file.hostFD), UInt64(address: rest.base), UInt64(rest.count))
                }
                return isWrite ? thread.noting(file, call) : thread.reading(file, rest, call)
            }
            return result < 0 && done > 0 ? done : done + result
        }
        if !isWrite {
            return thread.performBlocking(file, events: Int16(POLLIN), isBlocking: file.isBlocking) {
                thread.writing(pieces) {
                    hostCall(number, UInt64(signed: file.hostFD), UInt64(address: pieces.base), UInt64(pieces.count))
                }
            }
        }
        var rest = pieces
        rest.drop(thread.waiter.progress)
        let result = writeAll(thread, file, pieces.byteCount) { _, _ in
            let written = hostCall(
                number, UInt64(signed: file.hostFD), UInt64(address: rest.base), UInt64(rest.count))
            if written > 0 { rest.drop(written) }
            return written
        }
        return brokenPipe(thread, file, result)
    }

    /// preadv, pwritev and their second versions: flags are passed on. At -1 the second versions are readv and writev,
    /// but for a flag such as RWF_APPEND, which only they can have.
    static func positionedVector(_ number: Int32) -> SyscallHandler {
        { thread, arguments in
            guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
            let offset = Int64(bitPattern: arguments.d)
            let isAtPosition = offset == -1 && (number == __NR_preadv2 || number == __NR_pwritev2)
            if isAtPosition, arguments.f == 0 || file.mayWait {
                return vector(thread, arguments, isWrite: number == __NR_pwritev2)
            }
            if file.mayWait { return failed(file.kind == .lost ? EIO : ESPIPE) }
            let isRead = number == __NR_preadv || number == __NR_preadv2
            let settled = isRead ? thread.settleFileBytes(file) : thread.settlePositionedWrite(file)
            if settled != 0 { return settled }
            switch IOVectors.load(thread, at: arguments.b, count: arguments.c) {
            case .failure(let error): return failed(error.errno)
            case .success(let pieces):
                if let volume = file.volume, !isRead {
                    let position: UInt64? = isAtPosition ? nil : arguments.d
                    if position ?? 0 > UInt64(Int64.max) { return failed(EINVAL) }
                    let flags = number == __NR_pwritev2 ? arguments.f : 0
                    return VolumeTransfer.write(thread, file, volume, pieces, position: position, flags: flags)
                }
                // What a primary had written of it to a volume before its mirror took over.
                let done = isRead ? 0 : thread.waiter.progress
                var rest = pieces
                if done > 0 { rest.drop(done) }
                let place = isAtPosition ? nil : arguments.d &+ UInt64(done)
                let result = retryingInterrupts {
                    let call = {
                        hostCall(
                            number, UInt64(signed: file.hostFD), UInt64(address: rest.base), UInt64(rest.count),
                            place ?? arguments.d, arguments.e, arguments.f)
                    }
                    return isRead ? thread.reading(file, rest, call) : thread.noting(file, at: place, call)
                }
                return result < 0 ? (done > 0 ? done : result) : done + result
            }
        }
    }
}

/// A guest's struct iovec array, copied into the thread's scratch memory with every range checked,
/// so that no address of the supervisor's can stand in it.
///
/// Sound: the scratch memory is the thread's own, and one call uses it at a time.
struct IOVectors {
    private(set) var base: UnsafeMutablePointer<iovec>
    private(set) var count: Int
    private(set) var byteCount: Int

    static func load(_ thread: GuestThread, at address: UInt64, count: UInt64) -> Result<IOVectors, CallError> {
        // import_iovec in lib/iov_iter.c takes an unsigned int.
        let count = UInt64(UInt32(truncatingIfNeeded: count))
        guard count <= UInt64(TransferCalls.vectorCountMax) else { return .failure(CallError(errno: EINVAL)) }
        let base = thread.scratch.assumingMemoryBound(to: iovec.self)
        let pieces = Int(count)
        guard GuestAccess.copyIn(base, from: address, count: pieces * MemoryLayout<iovec>.stride) else {
            return .failure(CallError(errno: EFAULT))
        }
        var total = 0
        for index in 0..<pieces {
            let length = base[index].iov_len
            guard length >= 0 else { return .failure(CallError(errno: EINVAL)) }
            let start = UInt64(UInt(bitPattern: base[index].iov_base))
            guard length == 0 || start < GuestLayout.arenaEnd else { return .failure(CallError(errno: EFAULT)) }
            // A single one is cut before the kernel looks where it ends, several are not.
            guard pieces == 1 || length == 0 || GuestAccess.mayPass(start, UInt64(length)) else {
                return .failure(CallError(errno: EFAULT))
            }
            let room = TransferCalls.byteCountMax - total
            if length > room { base[index].iov_len = room }
            total += base[index].iov_len
        }
        return .success(IOVectors(base: base, count: pieces, byteCount: total))
    }

    /// Leaves out the first `byteCount` bytes.
    mutating func drop(_ byteCount: Int) {
        var left = byteCount
        while left > 0, count > 0 {
            let length = base[0].iov_len
            if left < length {
                base[0].iov_base = base[0].iov_base?.advanced(by: left)
                base[0].iov_len -= left
                return
            }
            left -= length
            base += 1
            count -= 1
        }
    }
}
