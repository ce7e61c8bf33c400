import Glibc

extension LinkSocket {
    /// iovecs in one sendmsg(2); the kernel takes 1024.
    private static let piecesMax = 64

    /// Sends all of `bytes`, or throws: then nothing is known of how much the peer got, and the connection is of no
    /// more use. Blocks while the peer does not read; `shutdown` and `limitSending` end that.
    public func send(_ bytes: UnsafeRawBufferPointer) throws(TransportError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = Glibc.send(
                socket.number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if sent < 0 {
                let code = errno
                if code == EINTR { continue }
                throw sendingFailed(code)
            }
            rest = rest.dropFirst(sent)
        }
    }

    /// Sends as much as goes without waiting: the number of bytes. As `send` otherwise.
    public func sendNow(_ bytes: UnsafeRawBufferPointer) throws(TransportError) -> Int {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let sent = Glibc.send(
                socket.number, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            if sent >= 0 {
                done += sent
                continue
            }
            let code = errno
            if code == EAGAIN { return done }
            guard code == EINTR else { throw sendingFailed(code) }
        }
        return done
    }

    public func send(_ bytes: [UInt8]) throws(TransportError) {
        let result: Result<Void, TransportError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(TransportError) in try send(bytes) }
        }
        try result.get()
    }

    /// Sends all the pieces one behind the other, without copying them together first. As `send` otherwise.
    public func sendAll(_ pieces: [UnsafeRawBufferPointer]) throws(TransportError) {
        var vectors = pieces.filter { !$0.isEmpty }.map { piece in
            iovec(iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress), iov_len: piece.count)
        }[...]
        while !vectors.isEmpty {
            var sent = sendSome(vectors)
            if sent < 0 {
                let code = errno
                if code == EINTR { continue }
                throw sendingFailed(code)
            }
            while let first = vectors.first, sent >= first.iov_len {
                sent -= first.iov_len
                vectors.removeFirst()
            }
            if sent > 0, var first = vectors.popFirst() {
                first.iov_base += sent
                first.iov_len -= sent
                vectors = [first] + vectors
            }
        }
    }

    /// From now on `send` and `sendAll` throw (`isTimeout`) when the peer has taken nothing for so long; with nil they
    /// wait for ever. Up to 2^31 - 1 seconds; less than a microsecond is one.
    public func limitSending(toNanoseconds nanoseconds: UInt64?) throws(TransportError) {
        var limit = timeval()
        if let nanoseconds {
            // All zeros would mean for ever (SO_SNDTIMEO in socket(7)).
            let microseconds = max(nanoseconds / 1000, 1)
            limit = timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        }
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard setsockopt(socket.number, SOL_SOCKET, SO_SNDTIMEO, &limit, size) == 0 else {
            throw .failed("cannot limit how long sending to \(peerAddress) takes", errno)
        }
    }

    private func sendingFailed(_ code: Int32) -> TransportError {
        code == EAGAIN ? .timedOut("sending to \(peerAddress)") : .failed("cannot send to \(peerAddress)", code)
    }

    private func sendSome(_ vectors: ArraySlice<iovec>) -> Int {
        vectors.withUnsafeBufferPointer { vectors in
            var message = msghdr()
            message.msg_iov = UnsafeMutablePointer(mutating: vectors.baseAddress)
            message.msg_iovlen = min(vectors.count, LinkSocket.piecesMax)
            return sendmsg(socket.number, &message, Int32(MSG_NOSIGNAL))
        }
    }

    /// Fills `buffer`. False when the connection ended before its first byte; a later end throws, as does a timeout
    /// (`isTimeout`). Without a timeout it blocks until `shutdown`.
    public func receiveExactly(
        into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: UInt64? = nil
    ) throws(TransportError) -> Bool {
        try receiveExactly(into: buffer, until: Deadline(in: timeoutNanoseconds))
    }

    func receiveExactly(
        into buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline
    ) throws(TransportError) -> Bool {
        var received = 0
        while received < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[received...])
            let count = try receiveSome(into: rest, until: deadline)
            if count == 0 {
                if received == 0 { return false }
                throw TransportError("\(peerAddress) ended the connection in the middle of a frame")
            }
            received += count
        }
        return true
    }

    /// What there is, at least one byte; 0 at the end of the file.
    func receiveSome(
        into buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline
    ) throws(TransportError) -> Int {
        // With a deadline the socket is asked without blocking, and then waited for.
        let flags = deadline.isNever ? 0 : Int32(MSG_DONTWAIT)
        while true {
            let count = asleep { recv(socket.number, buffer.baseAddress, buffer.count, flags) }
            if count >= 0 { return count }
            let code = errno
            if code == EAGAIN {
                guard try socket.wait(for: Int32(POLLIN), until: deadline) else {
                    throw .timedOut("waiting for \(peerAddress)")
                }
            } else if code != EINTR {
                throw .failed("cannot receive from \(peerAddress)", code)
            }
        }
    }
}
