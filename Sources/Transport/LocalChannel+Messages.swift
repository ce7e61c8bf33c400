import Glibc

extension LocalChannel {
    /// Before a message's bytes: kind and count of bytes (UInt32 each), number (UInt64). Both ends are on one machine.
    private static let headerByteCount = 16

    // MARK: - Sending

    /// Sends a message, and copies of its descriptors, which stay the caller's. Blocks while the peer does not read, at
    /// most until the timeout; a message that was not sent has left nothing behind.
    public func send(_ message: LocalMessage, timeoutNanoseconds: UInt64? = nil) throws(TransportError) {
        try LocalChannel.check(message.bytes.count, "bytes", most: LocalMessage.byteCountMax)
        try LocalChannel.check(message.descriptors.count, "descriptors", most: LocalMessage.descriptorCountMax)
        let deadline = Deadline(in: timeoutNanoseconds)
        while true {
            switch sendOnce(message, flags: deadline.isNever ? 0 : Int32(MSG_DONTWAIT)) {
            case 0: return
            case EINTR: continue
            case EAGAIN:
                guard try socket.wait(for: Int32(POLLOUT), until: deadline) else {
                    throw .timedOut("sending to the peer on this machine")
                }
            case let code: throw .failed("cannot send to the peer on this machine", code)
            }
        }
    }

    private static func check(_ count: Int, _ what: String, most: Int) throws(TransportError) {
        guard count <= most else { throw TransportError("a local message has \(count) \(what); the most is \(most)") }
    }

    /// 0 or an errno.
    private func sendOnce(_ message: LocalMessage, flags: Int32) -> Int32 {
        var header = (message.kind, UInt32(message.bytes.count), message.number)
        let controlByteCount =
            message.descriptors.isEmpty ? 0 : ControlMessage.byteCount(descriptors: message.descriptors.count)
        return withUnsafeTemporaryAllocation(byteCount: max(controlByteCount, 8), alignment: 8) { control in
            if controlByteCount > 0 { ControlMessage.write(message.descriptors, to: control) }
            return message.bytes.withUnsafeBytes { bytes in
                withUnsafeMutableBytes(of: &header) { header in
                    var vectors = (
                        iovec(iov_base: header.baseAddress, iov_len: header.count),
                        iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                    )
                    return withUnsafeMutableBytes(of: &vectors) { vectors in
                        var wanted = msghdr()
                        wanted.msg_iov = vectors.baseAddress!.assumingMemoryBound(to: iovec.self)
                        wanted.msg_iovlen = 2
                        wanted.msg_control = controlByteCount > 0 ? control.baseAddress : nil
                        wanted.msg_controllen = controlByteCount
                        return sendmsg(socket.number, &wanted, flags | Int32(MSG_NOSIGNAL)) < 0 ? errno : 0
                    }
                }
            }
        }
    }

    // MARK: - Receiving

    /// The next message; nil once the peer has gone. Throws when nothing came in time (`isTimeout`), or something that
    /// makes no sense: descriptors that came with it are closed.
    public func receive(timeoutNanoseconds: UInt64? = nil) throws(TransportError) -> LocalMessage? {
        let deadline = Deadline(in: timeoutNanoseconds)
        while true {
            switch receiveOnce(flags: deadline.isNever ? 0 : Int32(MSG_DONTWAIT)) {
            case .message(let message): return message
            case .end: return nil
            case .malformed(let reason): throw TransportError("the peer on this machine sent \(reason)")
            case .failure(EINTR): continue
            case .failure(EAGAIN):
                guard try socket.wait(for: Int32(POLLIN), until: deadline) else {
                    throw .timedOut("waiting for the peer on this machine")
                }
            // It went while something that we sent was not read.
            case .failure(ECONNRESET): return nil
            case .failure(let code): throw .failed("cannot receive from the peer on this machine", code)
            }
        }
    }

    private enum Received {
        case message(LocalMessage)
        case end
        case malformed(String)
        case failure(Int32)
    }

    private func receiveOnce(flags: Int32) -> Received {
        let byteCount = LocalChannel.headerByteCount + LocalMessage.byteCountMax
        let controlByteCount = ControlMessage.byteCount(descriptors: LocalMessage.descriptorCountMax)
        return withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { bytes in
            withUnsafeTemporaryAllocation(byteCount: controlByteCount, alignment: 8) { control in
                var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var wanted = msghdr()
                    wanted.msg_iov = vector
                    wanted.msg_iovlen = 1
                    wanted.msg_control = control.baseAddress
                    wanted.msg_controllen = control.count
                    let count = recvmsg(socket.number, &wanted, flags | Int32(MSG_CMSG_CLOEXEC))
                    if count < 0 { return .failure(errno) }
                    let descriptors = ControlMessage.descriptors(
                        in: UnsafeRawBufferPointer(rebasing: control.prefix(wanted.msg_controllen)))
                    let result = LocalChannel.decode(
                        UnsafeRawBufferPointer(rebasing: bytes.prefix(count)), descriptors, wanted.msg_flags)
                    if case .message = result { return result }
                    for descriptor in descriptors { close(descriptor) }
                    return result
                }
            }
        }
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer, _ descriptors: [Int32], _ flags: Int32) -> Received {
        if bytes.isEmpty { return .end }
        if flags & Int32(MSG_TRUNC) != 0 { return .malformed("a message that is too long") }
        if flags & Int32(MSG_CTRUNC) != 0 {
            return .malformed("more descriptors than a message may have, or than this process may open")
        }
        guard bytes.count >= headerByteCount,
            Int(bytes.load(fromByteOffset: 4, as: UInt32.self)) == bytes.count - headerByteCount
        else { return .malformed("a message that makes no sense") }
        return .message(
            LocalMessage(
                kind: bytes.load(as: UInt32.self), number: bytes.load(fromByteOffset: 8, as: UInt64.self),
                bytes: Array(bytes.dropFirst(headerByteCount)), descriptors: descriptors))
    }
}
