import CGuestEntry
import Glibc
import GuestMemory

/// Bytes in and out of sockets: sendto, recvfrom, and what read and write do to a socket.
///
/// On the host every call is MSG_DONTWAIT, which needs no O_NONBLOCK on a description shared with
/// strangers, and MSG_NOSIGNAL: SIGPIPE is the guest kernel's to send.
enum SocketTransfer {
    static let pieceByteCountMax = TransferCalls.pieceByteCountMax
    /// What is never passed on as the guest gave it.
    private static let ownFlags = MessageFlag.waitAll | MessageFlag.waitForOne

    /// The host's flags for a receive or send with the guest's.
    @inline(__always)
    static func hostFlags(_ flags: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: flags & ~ownFlags | MessageFlag.dontWait | MessageFlag.noSignal))
    }

    // MARK: - Calls

    static func sendto(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        guard arguments.b < GuestLayout.arenaEnd else { return failed(EFAULT) }
        let count = Int(min(arguments.c, UInt64(TransferCalls.byteCountMax)))
        let flags = Int32(truncatingIfNeeded: arguments.d)
        if arguments.e == 0 { return send(thread, file, arguments.b, count, flags: flags, to: nil) }
        switch SocketAddress.load(thread, at: arguments.e, length: arguments.f) {
        case .failure(let error): return failed(error.errno)
        case .success(let address):
            return withExtendedLifetime(address) { send(thread, file, arguments.b, count, flags: flags, to: address) }
        }
    }

    static func recvfrom(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        guard arguments.b < GuestLayout.arenaEnd, arguments.e < GuestLayout.arenaEnd,
            arguments.f < GuestLayout.arenaEnd
        else { return failed(EFAULT) }
        let count = Int(min(arguments.c, UInt64(TransferCalls.byteCountMax)))
        let flags = Int32(truncatingIfNeeded: arguments.d)
        return receive(thread, file, arguments.b, count, flags: flags, from: arguments.e, arguments.f)
    }

    // MARK: - Sending

    static func send(
        _ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int, flags: Int32,
        to peer: SocketAddress?
    ) -> Int {
        // It would connect: the wait for that is connect's.
        if flags & MessageFlag.fastOpen != 0 { return failed(EOPNOTSUPP) }
        if let hold = file.hold {
            let name = UnsafeRawBufferPointer(start: peer?.pointer, count: peer?.byteCount ?? 0)
            let held = HeldTransfer.send(
                thread, file, hold, IOVectors(thread, address, count), flags: flags, to: name,
                isForThisCall: peer?.isForThisCall ?? false)
            if let held { return held }
        }
        let hostFlags = hostFlags(flags)
        let result = sendAll(thread, file, count, flags: flags) { done, length in
            hostCall(
                __NR_sendto, UInt64(signed: file.hostFD), address + UInt64(done), UInt64(length), hostFlags,
                UInt64(address: peer?.pointer), UInt64(peer?.byteCount ?? 0))
        }
        return brokenPipe(thread, file, result, flags: flags)
    }

    /// Sends until all is on its way, a signal comes, or an error: what is done by then is the
    /// result. `act` gets the bytes done and the length of the next piece, and never blocks.
    @inline(__always)
    static func sendAll(
        _ thread: GuestThread, _ file: FileDescription, _ count: Int, flags: Int32, _ act: (Int, Int) -> Int
    ) -> Int {
        let isBlocking = flags & MessageFlag.dontWait == 0 && file.isBlocking
        // A datagram is never cut.
        let pieceMax = count <= pieceByteCountMax || !file.isStreamSocket ? count : pieceByteCountMax
        var pauseNanoseconds: UInt64 = 0
        // A part is on its way already, and who does not wait is told so: an error that comes after it is the next
        // call's.
        if thread.waiter.progress > 0, !isBlocking { return thread.waiter.progress }
        while true {
            let done = thread.waiter.progress
            let length = min(thread.waiter.left(of: count), pieceMax)
            let result = act(done, length)
            file.transfers.set()
            if result >= 0 {
                thread.waiter.progress = done + result
                if done + result >= count || result == 0 { return done + result }
                if !isBlocking, result < length { return done + result }
                pauseNanoseconds = 0
                if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
                continue
            }
            if result == -Int(EINTR) { continue }
            if result != -Int(EAGAIN) || !isBlocking { return done > 0 ? done : result }
            let ended = waitToSend(thread, file, &pauseNanoseconds)
            if ended != 0 { return done > 0 ? done : ended }
        }
    }

    /// Waits until the socket takes more. 0, or how the call ends.
    private static func waitToSend(
        _ thread: GuestThread, _ file: FileDescription, _ pauseNanoseconds: inout UInt64
    ) -> Int {
        let deadline = thread.sendDeadline(file)
        var entry = pollfd(fd: file.hostFD, events: Int16(POLLOUT), revents: 0)
        let count = thread.pollHost(&entry, 1, deadlineNanoseconds: deadline)
        if count == 0 { return failed(EAGAIN) }
        if count < 0 { return Restart.interruptedSocket(deadlineNanoseconds: deadline) }
        // After a part was sent, the error is the next call's, and must not be taken here.
        if entry.revents & Int16(POLLERR) != 0, thread.waiter.progress > 0 { return failed(EAGAIN) }
        if pauseNanoseconds > 0 {
            // It was writable before and took nothing: a datagram's receiver is full, which poll does
            // not tell an unconnected Unix socket.
            switch thread.pause(&pauseNanoseconds, deadlineNanoseconds: deadline) {
            case .ready: return 0
            case .timedOut: return failed(EAGAIN)
            case .interrupted: return Restart.interruptedSocket(deadlineNanoseconds: deadline)
            }
        }
        pauseNanoseconds = 50_000
        return 0
    }

    /// EPIPE on a stream comes with SIGPIPE, unless the guest said not to (send(2)).
    static func brokenPipe(_ thread: GuestThread, _ file: FileDescription, _ result: Int, flags: Int32) -> Int {
        if result == -Int(EPIPE), flags & MessageFlag.noSignal == 0, file.isStreamSocket {
            thread.kernel.send(thread.kernel.identity.sentSignal(SIGPIPE, code: 0), to: thread)
        }
        return result
    }

    // MARK: - Receiving

    /// Whether MSG_WAITALL means anything: to streams, and to Unix streams not when peeking.
    static func waitsForAll(_ file: FileDescription, _ flags: Int32) -> Bool {
        guard file.isStreamSocket else { return false }
        return flags & MessageFlag.peek == 0 || file.socketRecord?.domain != AF_UNIX
    }

    /// recvfrom(2); `peer` and `peerLength` are guest addresses that were checked, or 0.
    static func receive(
        _ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int, flags: Int32,
        from peer: UInt64 = 0, _ peerLength: UInt64 = 0
    ) -> Int {
        let isBlocking = flags & MessageFlag.neverWaits == 0 && file.isBlocking
        let hostFlags = hostFlags(flags)
        let act = { (done: Int, length: Int) -> Int in
            thread.writing(address + UInt64(done), length, and: peer, peerLength) {
                hostCall(
                    __NR_recvfrom, UInt64(signed: file.hostFD), address + UInt64(done), UInt64(length), hostFlags, peer,
                    peerLength)
            }
        }
        if flags & MessageFlag.waitAll != 0, isBlocking, waitsForAll(file, flags) {
            return receiveAll(thread, file, count, isPeeking: flags & MessageFlag.peek != 0, act)
        }
        let length = count <= pieceByteCountMax || !file.isStreamSocket ? count : pieceByteCountMax
        return thread.performBlocking(
            file, events: Int16(POLLIN), isBlocking: isBlocking, deadlineNanoseconds: thread.receiveDeadline(file)
        ) { act(0, length) }
    }

    /// MSG_WAITALL on a stream: goes on until all is there, end of file, a signal, an error or the
    /// timeout; what is done by then is the result. `isWhole` says after a piece that no further one may be added.
    static func receiveAll(
        _ thread: GuestThread, _ file: FileDescription, _ count: Int, isPeeking: Bool,
        isWhole: () -> Bool = { false }, _ act: (Int, Int) -> Int
    ) -> Int {
        if isPeeking { return peekAll(thread, file, count, act) }
        let deadline = thread.receiveDeadline(file)
        while true {
            let done = thread.waiter.progress
            let result = act(done, min(thread.waiter.left(of: count), pieceByteCountMax))
            file.transfers.set()
            if result == -Int(EINTR) { continue }
            if result >= 0 {
                thread.waiter.progress = done + result
                if result == 0 || done + result >= count || isWhole() { return done + result }
                if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
                continue
            }
            if result != -Int(EAGAIN) { return done > 0 ? done : result }
            var entry = pollfd(fd: file.hostFD, events: Int16(POLLIN), revents: 0)
            let ready = thread.pollHost(&entry, 1, deadlineNanoseconds: deadline)
            if ready == 0 { return done > 0 ? done : failed(EAGAIN) }
            if ready < 0 { return done > 0 ? done : Restart.interruptedSocket(deadlineNanoseconds: deadline) }
            // After a part was received, the error is the next call's, and must not be taken here.
            if entry.revents & Int16(POLLERR) != 0, done > 0 { return done }
        }
    }

    /// POLLRDHUP.
    private static let peerHasShut: Int16 = 0x2000

    /// MSG_PEEK with MSG_WAITALL on TCP: poll says ready at the first byte, so it is looked at again and again.
    private static func peekAll(
        _ thread: GuestThread, _ file: FileDescription, _ count: Int, _ act: (Int, Int) -> Int
    ) -> Int {
        let deadline = thread.receiveDeadline(file)
        var pauseNanoseconds: UInt64 = 50_000
        while true {
            let result = act(0, count)
            if result == -Int(EINTR) { continue }
            if result >= count || result == 0 { return result }
            if result < 0, result != -Int(EAGAIN) { return result }
            var entry = pollfd(fd: file.hostFD, events: peerHasShut, revents: 0)
            if hostCall(__NR_poll, UInt64(address: &entry), 1, 0) > 0 { return act(0, count) }
            switch thread.pause(&pauseNanoseconds, deadlineNanoseconds: deadline) {
            case .ready: continue
            case .timedOut: return result
            case .interrupted:
                return result > 0 ? result : Restart.interruptedSocket(deadlineNanoseconds: deadline)
            }
        }
    }
}
