import CGuestEntry
import Glibc
import GuestMemory

/// Writes and sends to what is held: the bytes go to the stream's queue and the call returns. Each function's result is
/// the call's, or nil where the host is to do the call after all; the bytes that are held then count in
/// `thread.waiter.progress`.
enum HeldTransfer {
    /// write and writev to anything but a socket.
    static func write(
        _ thread: GuestThread, _ file: FileDescription, _ hold: HeldStream, _ pieces: IOVectors
    ) -> Int? {
        if hold.kind.actsDirectly { return settled(thread, file) }
        guard let result = putAll(thread, file, hold, pieces, isBlocking: file.isBlocking) else { return nil }
        return TransferCalls.brokenPipe(thread, file, result)
    }

    /// Everything that sends through a socket. `isForThisCall`: there is control data, or an address, that means
    /// nothing any more once the call has returned.
    static func send(
        _ thread: GuestThread, _ file: FileDescription, _ hold: HeldStream, _ pieces: IOVectors, flags: Int32,
        to peer: UnsafeRawBufferPointer, isForThisCall: Bool
    ) -> Int? {
        if hold.passes { return nil }
        if isForThisCall || flags & MessageFlag.outOfBand != 0 || hold.kind.actsDirectly {
            return settled(thread, file)
        }
        // A Unix connection refuses a destination, by an error that the host knows best.
        if hold.kind == .connection, !peer.isEmpty, hold.domain == AF_UNIX { return nil }
        let isBlocking = flags & MessageFlag.dontWait == 0 && file.isBlocking
        if hold.kind == .datagrams {
            return putDatagram(thread, file, hold, pieces, flags: flags, to: peer, isBlocking: isBlocking)
        }
        guard let result = putAll(thread, file, hold, pieces, isBlocking: isBlocking) else { return nil }
        return SocketTransfer.brokenPipe(thread, file, result, flags: flags)
    }

    /// Nil, for the host to do it, once all before it is committed and has gone out; or how the wait was interrupted.
    static func settled(_ thread: GuestThread, _ file: FileDescription) -> Int? {
        let result = thread.settleOutput(file)
        return result == 0 ? nil : result
    }

    // MARK: - Bytes

    private static func putAll(
        _ thread: GuestThread, _ file: FileDescription, _ hold: HeldStream, _ pieces: IOVectors, isBlocking: Bool
    ) -> Int? {
        if hold.passes { return nil }
        var rest = pieces
        if thread.waiter.progress > 0 { rest.drop(thread.waiter.progress) }
        while true {
            let done = thread.waiter.progress
            let length = min(pieces.byteCount - done, TransferCalls.pieceByteCountMax)
            // The guest has changed its vectors since, for a call that is made again.
            if done > 0, length <= 0 { return done }
            let refusal = HeldStream.hostRefusal(file.hostFD, hold.kind)
            if refusal < 0 {
                if refusal != -Int(EAGAIN) || !isBlocking { return done > 0 ? done : refusal }
                // It is connecting.
                if let ended = waitForHost(thread, file) { return done > 0 ? done : ended }
                continue
            }
            if pieces.byteCount == 0 { return 0 }
            let result = hold.put(length, minimum: hold.kind.minimum(length)) { rest.copy(to: $0, byteCount: $1) }
            if result == HeldStream.passesOn { return nil }
            if result > 0 {
                thread.traceFlags |= UInt64(GUEST_TRACE_HELD)
                thread.waiter.progress = done + result
                if done + result >= pieces.byteCount { return done + result }
                if !isBlocking, result < length { return done + result }
                rest.drop(result)
                if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
                continue
            }
            if result != -Int(EAGAIN) || !isBlocking { return done > 0 ? done : result }
            if let ended = waitForSpace(thread, file, hold) { return done > 0 ? done : ended }
        }
    }

    /// Waits until a connection is there.
    static func waitForHost(_ thread: GuestThread, _ file: FileDescription) -> Int? {
        let deadline = thread.sendDeadline(file)
        switch thread.wait(for: file, events: Int16(POLLOUT), deadlineNanoseconds: deadline) {
        case .ready: return nil
        case .timedOut: return failed(EAGAIN)
        case .interrupted: return Restart.interruptedSocket(deadlineNanoseconds: deadline)
        }
    }

    /// Waits until the stream has room again, which it has after a commit. How the call ends, or nil to try again.
    static func waitForSpace(_ thread: GuestThread, _ file: FileDescription, _ hold: HeldStream) -> Int? {
        let deadline = thread.sendDeadline(file)
        guard thread.prepareToSleep() else { return Restart.interruptedSocket(deadlineNanoseconds: deadline) }
        guard hold.startWaiting(thread, for: .space) else { return nil }
        let isWoken = thread.sleepUntilWoken(deadlineNanoseconds: deadline)
        hold.stopWaiting(thread)
        return isWoken ? nil : failed(EAGAIN)
    }

    // MARK: - Datagrams

    private static func putDatagram(
        _ thread: GuestThread, _ file: FileDescription, _ hold: HeldStream, _ pieces: IOVectors, flags: Int32,
        to peer: UnsafeRawBufferPointer, isBlocking: Bool
    ) -> Int? {
        if let refusal = DatagramRules.refusal(of: file, hold, to: peer, byteCount: pieces.byteCount) {
            return failed(refusal)
        }
        while true {
            let result = hold.putDatagram(to: peer, flags: flags, pieces.byteCount) { place, count in
                // A datagram is whole or not at all.
                pieces.copy(to: place, byteCount: count) == count ? count : failed(EFAULT)
            }
            if result == HeldStream.passesOn { return nil }
            if result >= 0 { thread.traceFlags |= UInt64(GUEST_TRACE_HELD) }
            if result != -Int(EAGAIN) || !isBlocking { return result }
            if let ended = waitForSpace(thread, file, hold) { return ended }
        }
    }
}

extension HeldStream {
    /// What the host would say to a write now, without writing: 0, or a negative errno. So a guest hears of a peer that
    /// is gone as early as it would natively.
    ///
    /// A connection says it to a send of no bytes, which sends nothing: tcp_sendmsg_locked and unix_stream_sendmsg look
    /// at errors, the state and shutdown first. A pipe says it to poll(2).
    @inline(__always)
    static func hostRefusal(_ hostFD: Int32, _ kind: Kind) -> Int {
        switch kind {
        case .connection:
            return hostCall(__NR_sendto, UInt64(signed: hostFD), 0, 0, SocketTransfer.hostFlags(0))
        case .pipe:
            var entry = pollfd(fd: hostFD, events: 0, revents: 0)
            let count = hostCall(__NR_poll, UInt64(address: &entry), 1, 0)
            return count > 0 && entry.revents & Int16(POLLERR) != 0 ? failed(EPIPE) : 0
        case .datagrams, .messages, .fifo, .unreplicated, .terminal, .regular:
            return 0
        }
    }
}

extension IOVectors {
    /// One range of guest memory, as vectors.
    init(_ thread: GuestThread, _ address: UInt64, _ count: Int) {
        let base = thread.scratch.assumingMemoryBound(to: iovec.self)
        base[0] = iovec(iov_base: UnsafeMutableRawPointer(bitPattern: UInt(address)), iov_len: count)
        self.init(base: base, count: 1, byteCount: count)
    }

    /// Copies the first bytes out of guest memory: how many, which is less where the guest has no memory further on, or
    /// -EFAULT for none.
    func copy(to destination: UnsafeMutableRawPointer, byteCount: Int) -> Int {
        var done = 0
        var index = 0
        while done < byteCount, index < count {
            let length = min(base[index].iov_len, byteCount - done)
            let address = UInt64(address: base[index].iov_base)
            if !GuestAccess.copyIn(destination + done, from: address, count: length) {
                done += IOVectors.copyUpToFault(destination + done, address, length)
                return done > 0 ? done : failed(EFAULT)
            }
            done += length
            index += 1
        }
        return done
    }

    /// Page by page, until one is missing.
    private static func copyUpToFault(_ destination: UnsafeMutableRawPointer, _ address: UInt64, _ count: Int) -> Int {
        var done = 0
        while done < count {
            let place = address + UInt64(done)
            let length = min(count - done, 4096 - Int(place & 4095))
            guard GuestAccess.copyIn(destination + done, from: place, count: length) else { break }
            done += length
        }
        return done
    }
}
