import CGuestEntry
import Glibc
import GuestMemory

/// sendmsg and recvmsg, and what readv and writev do to a socket. The host sees a header of the
/// supervisor's own, whose I/O vectors were checked and whose control data is a translated copy.
enum MessageCalls {
    static func sendmsg(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        return send(thread, file, at: arguments.b, flags: Int32(truncatingIfNeeded: arguments.c))
    }

    static func recvmsg(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        return receive(thread, file, at: arguments.b, flags: Int32(truncatingIfNeeded: arguments.c))
    }

    // MARK: - Sending

    static func send(_ thread: GuestThread, _ file: FileDescription, at address: UInt64, flags: Int32) -> Int {
        if flags & MessageFlag.fastOpen != 0 { return failed(EOPNOTSUPP) }
        let header: MessageHeader
        switch MessageHeader.load(thread, at: address) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): header = loaded
        }
        var hostHeader = msghdr()
        var name: SocketAddress?
        if header.nameAddress != 0, header.nameByteCount > 0 {
            switch SocketAddress.load(thread, at: header.nameAddress, length: header.nameByteCount) {
            case .failure(let error): return failed(error.errno)
            case .success(let loaded):
                name = loaded
                hostHeader.msg_name = loaded.pointer
                hostHeader.msg_namelen = UInt32(loaded.byteCount)
            }
        }
        switch OutgoingControl.load(thread, at: header.controlAddress, count: header.guest.msg_controllen) {
        case .failure(let error): return failed(error.errno)
        case .success(let control):
            if control.byteCount > 0 {
                hostHeader.msg_control = thread.scratch + MessageScratch.control
                hostHeader.msg_controllen = control.byteCount
            }
            let isForThisCall = control.byteCount > 0 || name?.isForThisCall == true
            return withExtendedLifetime((control, name)) {
                sendPieces(
                    thread, file, header.pieces, &hostHeader, flags: flags, isForThisCall: isForThisCall)
            }
        }
    }

    /// writev(2) on a socket.
    static func sendVector(_ thread: GuestThread, _ file: FileDescription, _ pieces: IOVectors) -> Int {
        var hostHeader = msghdr()
        return sendPieces(thread, file, pieces, &hostHeader, flags: 0, isForThisCall: false)
    }

    private static func sendPieces(
        _ thread: GuestThread, _ file: FileDescription, _ pieces: IOVectors, _ hostHeader: inout msghdr, flags: Int32,
        isForThisCall: Bool
    ) -> Int {
        if let hold = file.hold {
            let name = UnsafeRawBufferPointer(start: hostHeader.msg_name, count: Int(hostHeader.msg_namelen))
            let held = HeldTransfer.send(
                thread, file, hold, pieces, flags: flags, to: name, isForThisCall: isForThisCall)
            if let held { return held }
        }
        var rest = pieces
        rest.drop(thread.waiter.progress)
        let hostFlags = SocketTransfer.hostFlags(flags)
        let result = SocketTransfer.sendAll(thread, file, pieces.byteCount, flags: flags) { done, length in
            if done > 0 {
                // Control data goes with the first bytes.
                hostHeader.msg_control = nil
                hostHeader.msg_controllen = 0
            }
            let sent = rest.withPiece(length) { base, count in
                hostHeader.msg_iov = base
                hostHeader.msg_iovlen = count
                return hostCall(
                    __NR_sendmsg, UInt64(signed: file.hostFD), UInt64(address: &hostHeader), hostFlags)
            }
            if sent > 0 { rest.drop(sent) }
            return sent
        }
        return SocketTransfer.brokenPipe(thread, file, result, flags: flags)
    }

    // MARK: - Receiving

    static func receive(_ thread: GuestThread, _ file: FileDescription, at address: UInt64, flags: Int32) -> Int {
        let header: MessageHeader
        switch MessageHeader.load(thread, at: address) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): header = loaded
        }
        guard header.nameAddress < GuestLayout.arenaEnd, header.controlAddress < GuestLayout.arenaEnd else {
            return failed(EFAULT)
        }
        var hostHeader = msghdr()
        hostHeader.msg_name = header.guest.msg_name
        let controlRoom = header.controlAddress == 0 ? 0 : UInt(bitPattern: header.guest.msg_controllen)
        let room = ControlRoom(
            nameByteCount: header.guest.msg_namelen,
            byteCount: Int(min(controlRoom, UInt(MessageScratch.controlByteCountMax))))
        let result = receivePieces(thread, file, header.pieces, &hostHeader, room, flags: flags)
        if result < 0 { return result }
        return finish(thread, header, hostHeader, flags: flags) ? result : failed(EFAULT)
    }

    /// readv(2) on a socket.
    static func receiveVector(_ thread: GuestThread, _ file: FileDescription, _ pieces: IOVectors) -> Int {
        if pieces.byteCount == 0 { return 0 }
        var hostHeader = msghdr()
        return receivePieces(
            thread, file, pieces, &hostHeader, ControlRoom(nameByteCount: 0, byteCount: 0), flags: 0)
    }

    /// What the guest has room for besides the bytes.
    private struct ControlRoom {
        var nameByteCount: UInt32
        var byteCount: Int
    }

    private static func receivePieces(
        _ thread: GuestThread, _ file: FileDescription, _ pieces: IOVectors, _ hostHeader: inout msghdr,
        _ room: ControlRoom, flags: Int32
    ) -> Int {
        let isBlocking = flags & MessageFlag.neverWaits == 0 && file.isBlocking
        let hostFlags = SocketTransfer.hostFlags(flags | MessageFlag.closeOnExec)
        var rest = pieces
        let act = { (header: inout msghdr, length: Int) -> Int in
            let before = header
            header.msg_namelen = room.nameByteCount
            header.msg_control = room.byteCount > 0 ? thread.scratch + MessageScratch.control : nil
            header.msg_controllen = room.byteCount
            let received = rest.withPiece(length) { base, count in
                header.msg_iov = base
                header.msg_iovlen = count
                let name = room.nameByteCount > 0 ? UInt64(address: header.msg_name) : 0
                return thread.writing(rest, and: name) {
                    hostCall(__NR_recvmsg, UInt64(signed: file.hostFD), UInt64(address: &header), hostFlags)
                }
            }
            // The lengths offered are not lengths received: control data that never came must not be looked at.
            if received < 0 { header = before }
            return received
        }
        if flags & MessageFlag.waitAll != 0, isBlocking, SocketTransfer.waitsForAll(file, flags) {
            rest.drop(thread.waiter.progress)
            var isOver = false
            let isPeeking = flags & MessageFlag.peek != 0
            // Bytes that came with control data end the message: there is room for one's only, and it is not kept for
            // a call that is made again.
            let isWhole = { isOver }
            return SocketTransfer.receiveAll(
                thread, file, pieces.byteCount, isPeeking: isPeeking, isWhole: isWhole
            ) { _, length in
                let received = act(&hostHeader, length)
                if received > 0, !isPeeking { rest.drop(received) }
                isOver = received >= 0 && hostHeader.msg_controllen > 0
                return received
            }
        }
        let isWhole = pieces.byteCount <= SocketTransfer.pieceByteCountMax || !file.isStreamSocket
        let length = isWhole ? pieces.byteCount : SocketTransfer.pieceByteCountMax
        return thread.performBlocking(
            file, events: Int16(POLLIN), isBlocking: isBlocking, deadlineNanoseconds: thread.receiveDeadline(file)
        ) { act(&hostHeader, length) }
    }

    /// Gives the guest its header back with what recvmsg writes into it. False for EFAULT.
    private static func finish(
        _ thread: GuestThread, _ header: MessageHeader, _ hostHeader: msghdr, flags: Int32
    ) -> Bool {
        let base = thread.scratch + MessageScratch.control
        let closesOnExec = flags & MessageFlag.closeOnExec != 0
        let incoming = IncomingControl.translate(
            thread, base, Int(hostHeader.msg_controllen), closesOnExec: closesOnExec)
        var shown = hostHeader.msg_flags & ~(MessageFlag.closeOnExec | MessageFlag.dontWait | MessageFlag.noSignal)
        // The kernel shows that one flag of the call's own (____sys_recvmsg in net/socket.c).
        if closesOnExec { shown |= MessageFlag.closeOnExec }
        if incoming.isTruncated { shown |= MessageFlag.controlTruncated }
        if header.nameAddress != 0, !header.storeNameLength(hostHeader.msg_namelen) { return false }
        guard header.storeFlags(shown), header.storeControlLength(incoming.byteCount) else { return false }
        return GuestAccess.copyOut(to: header.controlAddress, base, count: incoming.byteCount)
    }
}
