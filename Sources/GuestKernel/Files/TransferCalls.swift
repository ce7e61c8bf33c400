import CGuestEntry
import Glibc
import GuestMemory

/// read, write and their vector and positioned forms.
///
/// What never blocks moves in bounded pieces with a safe point between; what may block waits
/// outside (GuestThread.performBlocking) and then acts on what is there.
enum TransferCalls {
    /// At most this much between two safe points.
    static let pieceByteCountMax = 256 << 10
    /// The kernel's MAX_RW_COUNT.
    static let byteCountMax = 0x7fff_f000
    static let vectorCountMax = 1024

    static func read(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard GuestAccess.mayPass(arguments.b, arguments.c) else { return failed(EFAULT) }
        let count = Int(min(arguments.c, UInt64(byteCountMax)))
        return read(thread, file, arguments.b, count)
    }

    static func write(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard GuestAccess.mayPass(arguments.b, arguments.c) else { return failed(EFAULT) }
        let count = Int(min(arguments.c, UInt64(byteCountMax)))
        return write(thread, file, arguments.b, count)
    }

    static func read(_ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int) -> Int {
        if !file.mayWait {
            return inPieces(thread, count) { offset, length in
                thread.reading(file, address + UInt64(offset), length) {
                    hostCall(__NR_read, UInt64(signed: file.hostFD), address + UInt64(offset), UInt64(length))
                }
            }
        }
        if file.kind == .socket {
            // Nothing asked for is nothing waited for (sock_read_iter in net/socket.c), unlike recv.
            return count == 0 ? 0 : SocketTransfer.receive(thread, file, address, count, flags: 0)
        }
        if file.kind == .signal { return SignalFile.read(thread, file, address, count) }
        if file.kind == .lost { return failed(EIO) }
        return thread.performBlocking(file, events: Int16(POLLIN), isBlocking: file.isBlocking) {
            let length = min(count, pieceByteCountMax)
            return thread.writing(address, length) {
                hostCall(__NR_read, UInt64(signed: file.hostFD), address, UInt64(length))
            }
        }
    }

    static func write(_ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int) -> Int {
        if let hold = file.hold, file.kind != .socket {
            let held = HeldTransfer.write(thread, file, hold, IOVectors(thread, address, count))
            if let held { return held }
        }
        if !file.mayWait {
            if let volume = file.volume {
                return VolumeTransfer.write(thread, file, volume, IOVectors(thread, address, count))
            }
            if let made = file.payload as? SyntheticFile { return made.write(file, from: address, count: count) }
            return inPieces(thread, count) { offset, length in
                thread.noting(file) {
                    hostCall(__NR_write, UInt64(signed: file.hostFD), address + UInt64(offset), UInt64(length))
                }
            }
        }
        if file.kind == .socket { return SocketTransfer.send(thread, file, address, count, flags: 0, to: nil) }
        if file.kind == .signal { return failed(EINVAL) }
        if file.kind == .event { return EventFile.write(thread, file, address, count) }
        if file.kind == .lost { return failed(EIO) }
        let result = writeAll(thread, file, count) { offset, length in
            hostCall(__NR_write, UInt64(signed: file.hostFD), address + UInt64(offset), UInt64(length))
        }
        return brokenPipe(thread, file, result)
    }

    /// EPIPE comes with SIGPIPE, which the host's kernel would have sent to the supervisor.
    static func brokenPipe(_ thread: GuestThread, _ file: FileDescription, _ result: Int) -> Int {
        if result == -Int(EPIPE), file.kind == .pipe || file.kind == .socket || file.kind == .terminal {
            thread.kernel.send(thread.kernel.identity.sentSignal(SIGPIPE, code: 0), to: thread)
        }
        return result
    }

    /// A stream write: a blocking one goes on until everything is written, a signal comes, or an
    /// error; what is done by then is the result. `thread.waiter.progress` counts it.
    static func writeAll(
        _ thread: GuestThread, _ file: FileDescription, _ count: Int, _ act: (Int, Int) -> Int
    ) -> Int {
        let isBlocking = file.isBlocking
        if thread.waiter.progress > 0, !isBlocking { return thread.waiter.progress }
        while true {
            let done = thread.waiter.progress
            // A pipe write of up to PIPE_BUF bytes is atomic, so it is never cut (pipe(7)).
            let length = min(thread.waiter.left(of: count), pieceByteCountMax)
            let result = thread.performBlocking(file, events: Int16(POLLOUT), isBlocking: isBlocking) {
                act(done, length)
            }
            if result < 0 {
                if done == 0 { return result }
                return done
            }
            thread.waiter.progress += result
            if thread.waiter.progress >= count || result == 0 { return thread.waiter.progress }
            if !isBlocking, result < length { return thread.waiter.progress }
            if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
        }
    }

    /// A transfer that does not block, with a safe point between its pieces.
    @inline(__always)
    static func inPieces(_ thread: GuestThread, _ count: Int, _ act: (Int, Int) -> Int) -> Int {
        while true {
            let done = thread.waiter.progress
            let length = min(thread.waiter.left(of: count), pieceByteCountMax)
            let result = act(done, length)
            if result == -Int(EINTR) { continue }
            if result < 0 { return done > 0 ? done : result }
            thread.waiter.progress = done + result
            if result < length || done + result >= count { return done + result }
            if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
        }
    }
}
