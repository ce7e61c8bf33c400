import CGuestEntry
import Glibc
import GuestMemory

extension MessageCalls {
    /// sizeof(struct mmsghdr), and where its msg_len is.
    private static let stride: UInt64 = 64
    private static let lengthOffset: UInt64 = 56
    /// UIO_MAXIOV: more are not looked at.
    static let countMax: UInt64 = 1024

    static func sendmmsg(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        let flags = Int32(truncatingIfNeeded: arguments.d)
        return many(thread, arguments) { address in send(thread, file, at: address, flags: flags) }
    }

    /// recvmmsg(2). As in the kernel the timeout is looked at after each message only, and does not
    /// end a wait for the next.
    static func recvmmsg(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        if arguments.e != 0, thread.waiter.endNanoseconds == nil {
            switch GuestClock.loadTime(at: arguments.e) {
            case .failure(let error): return failed(error.errno)
            case .success(let nanoseconds):
                thread.waiter.endNanoseconds = thread.kernel.clock.deadline(after: nanoseconds)
            }
        }
        let end = thread.waiter.endNanoseconds
        var flags = Int32(truncatingIfNeeded: arguments.d)
        if thread.waiter.messageCount > 0, flags & MessageFlag.waitForOne != 0 { flags |= MessageFlag.dontWait }
        let count = many(thread, arguments) { address in
            if let end, thread.waiter.messageCount > 0, thread.kernel.clock.monotonicNanoseconds() >= end {
                return failed(EAGAIN)
            }
            let received = receive(thread, file, at: address, flags: flags & ~MessageFlag.waitForOne)
            if received >= 0, flags & MessageFlag.waitForOne != 0 { flags |= MessageFlag.dontWait }
            return received
        }
        if let end, count > 0 {
            let now = thread.kernel.clock.monotonicNanoseconds()
            let left = timespec(nanoseconds: end > now ? end - now : 0)
            guard GuestAccess.store(left, at: arguments.e) else { return failed(EFAULT) }
        }
        return count
    }

    /// Does a call for each struct mmsghdr; the result is how many were done, or the first one's error.
    /// An error after the first message is lost, as the manual page says.
    private static func many(
        _ thread: GuestThread, _ arguments: SyscallArguments, _ act: (UInt64) -> Int
    ) -> Int {
        let count = Int(min(arguments.c & 0xffff_ffff, countMax))
        while thread.waiter.messageCount < count {
            let address = arguments.b &+ UInt64(thread.waiter.messageCount) * stride
            let result = act(address)
            let isStored =
                result < 0 || GuestAccess.store(UInt32(truncatingIfNeeded: result), at: address &+ lengthOffset)
            if result < 0 || !isStored {
                let done = thread.waiter.messageCount
                return done > 0 ? done : isStored ? result : failed(EFAULT)
            }
            thread.waiter.messageCount += 1
            thread.waiter.progress = 0
            thread.waiter.deadlineNanoseconds = nil
            if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
        }
        return count
    }
}
