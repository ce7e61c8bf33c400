import CGuestEntry
import Glibc
import GuestMemory

/// splice, tee and vmsplice. Each moves what is there once it may begin, and then returns, as the
/// kernel's do.
extension CopyCalls {
    private static let nonblockingFlag: UInt64 = 2  // SPLICE_F_NONBLOCK
    private static let knownFlags: UInt64 = 15

    static func splice(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = arguments.f & 0xffff_ffff
        if arguments.e == 0 { return 0 }
        guard flags & ~knownFlags == 0 else { return failed(EINVAL) }
        guard let source = thread.kernel.files.find(arguments.a), let target = thread.kernel.files.find(arguments.c)
        else { return failed(EBADF) }
        let (from, to): (CopyOffset, CopyOffset)
        switch (CopyOffset.load(at: arguments.b), CopyOffset.load(at: arguments.d)) {
        case (.success(let one), .success(let other)): (from, to) = (one, other)
        default: return failed(EFAULT)
        }
        let length = min(arguments.e, UInt64(TransferCalls.pieceByteCountMax))
        if let volume = target.volume {
            if from.isGiven { return failed(ESPIPE) }
            let refusal = source.kind == .pipe ? VolumeCopy.pipeRefusal(target) : failed(EINVAL)
            if refusal != 0 { return refusal }
            if let place = to.given, place < 0 { return failed(EINVAL) }
            let waits = flags & nonblockingFlag == 0 && source.isBlocking
            // As the host's: what is there once it may begin.
            let result = VolumeCopy.copy(
                thread, from: source, from, to: target, volume, to, Int(length), isBlocking: waits)
            return result > 0 && !to.store(advancedBy: result) ? failed(EFAULT) : result
        }
        if let hold = target.hold {
            // What writes directly has places of its own.
            if to.isGiven, hold.kind != .unreplicated { return failed(target.kind == .pipe ? ESPIPE : EINVAL) }
            let waits = waits(from: source, to: target, isBlocking: flags & nonblockingFlag == 0)
            let held = HeldCopy.splice(thread, to: target, hold, from: source, from, Int(length), isBlocking: waits)
            if let held {
                if held > 0, !from.store(advancedBy: held) { return failed(EFAULT) }
                return TransferCalls.brokenPipe(thread, target, held)
            }
        }
        let result = move(thread, from: source, to: target, isBlocking: flags & nonblockingFlag == 0) {
            from.withHostCopy(advancedBy: 0) { sourceOffset in
                to.withHostCopy(advancedBy: 0) { targetOffset in
                    thread.noting(target, at: to.given.map { UInt64(bitPattern: $0) }) {
                        hostCall(
                            __NR_splice, UInt64(signed: source.hostFD), sourceOffset, UInt64(signed: target.hostFD),
                            targetOffset, length, flags | nonblockingFlag)
                    }
                }
            }
        }
        if result > 0, !from.store(advancedBy: result) || !to.store(advancedBy: result) { return failed(EFAULT) }
        return TransferCalls.brokenPipe(thread, target, result)
    }

    static func tee(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = arguments.d & 0xffff_ffff
        guard flags & ~knownFlags == 0 else { return failed(EINVAL) }
        if arguments.c == 0 { return 0 }
        guard let source = thread.kernel.files.find(arguments.a), let target = thread.kernel.files.find(arguments.b)
        else { return failed(EBADF) }
        let length = min(arguments.c, UInt64(TransferCalls.pieceByteCountMax))
        if let hold = target.hold {
            let waits = waits(from: source, to: target, isBlocking: flags & nonblockingFlag == 0)
            let held = HeldCopy.tee(thread, to: target, hold, from: source, Int(length), isBlocking: waits)
            if let held { return TransferCalls.brokenPipe(thread, target, held) }
        }
        let result = move(thread, from: source, to: target, isBlocking: flags & nonblockingFlag == 0) {
            hostCall(
                __NR_tee, UInt64(signed: source.hostFD), UInt64(signed: target.hostFD), length,
                flags | nonblockingFlag)
        }
        return TransferCalls.brokenPipe(thread, target, result)
    }

    /// The bytes are copied, which the call allows: the guest's pages never become a pipe's, which
    /// would change what the pipe holds whenever the guest writes to them.
    static func vmsplice(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = arguments.d & 0xffff_ffff
        guard flags & ~knownFlags == 0 else { return failed(EINVAL) }
        guard let file = thread.kernel.files.find(arguments.a), file.kind == .pipe else { return failed(EBADF) }
        let isWrite = file.statusFlags.load(ordering: .relaxed) & O_ACCMODE != O_RDONLY
        switch IOVectors.load(thread, at: arguments.b, count: arguments.c) {
        case .failure(let error): return failed(error.errno)
        case .success(let pieces):
            if pieces.byteCount == 0 { return 0 }
            if isWrite, let hold = file.hold, let held = HeldTransfer.write(thread, file, hold, pieces) { return held }
            let result = thread.performBlocking(
                file, events: Int16(isWrite ? POLLOUT : POLLIN),
                isBlocking: flags & nonblockingFlag == 0 && file.isBlocking
            ) {
                let call = {
                    hostCall(
                        isWrite ? __NR_writev : __NR_readv, UInt64(signed: file.hostFD), UInt64(address: pieces.base),
                        UInt64(pieces.count))
                }
                return isWrite ? call() : thread.writing(pieces, call)
            }
            return TransferCalls.brokenPipe(thread, file, result)
        }
    }

    private static func waits(from source: FileDescription, to target: FileDescription, isBlocking: Bool) -> Bool {
        // A pipe's own O_NONBLOCK counts for a source only where the target is a pipe, too (do_splice).
        let countsSource = source.kind != .pipe || target.kind == .pipe
        return isBlocking && target.isBlocking && (!countsSource || source.isBlocking)
    }

    /// Waits for both ends where the host cannot begin: it does not say which of them it was.
    private static func move(
        _ thread: GuestThread, from source: FileDescription, to target: FileDescription, isBlocking: Bool,
        _ act: () -> Int
    ) -> Int {
        let waits = waits(from: source, to: target, isBlocking: isBlocking)
        while true {
            let result = retryingInterrupts(act)
            source.transfers.set()
            target.transfers.set()
            if result != -Int(EAGAIN) || !waits { return result }
            if source.mayWait, thread.wait(for: source, events: Int16(POLLIN)) == .interrupted {
                return Restart.system
            }
            if target.mayWait, thread.wait(for: target, events: Int16(POLLOUT)) == .interrupted {
                return Restart.system
            }
        }
    }
}
