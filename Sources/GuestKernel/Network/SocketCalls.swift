import CGuestEntry
import Glibc
import GuestMemory

/// Making sockets, naming them, and taking connections. (connect is in SocketCalls+Connect.)
enum SocketCalls {
    private static let streamControlProtocol: Int32 = 132
    private static let multipathProtocol: Int32 = 262

    // MARK: - Making

    static func socket(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = Int32(truncatingIfNeeded: arguments.b) & ~SocketType.mask
        let record: SocketRecord
        switch wanted(arguments) {
        case .failure(let error): return failed(error.errno)
        case .success(let found): record = found
        }
        let made = HostSockets.make(
            domain: record.domain, type: record.type, networkProtocol: record.networkProtocol)
        if made < 0 { return made }
        let file = HostSockets.describe(Int32(made), isNonBlocking: flags & O_NONBLOCK != 0, record)
        return thread.kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    static func socketpair(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = Int32(truncatingIfNeeded: arguments.b) & ~SocketType.mask
        var record: SocketRecord
        switch wanted(arguments) {
        case .failure(let error): return failed(error.errno)
        case .success(let found): record = found
        }
        var ends: (Int32, Int32) = (0, 0)
        let made = withUnsafeMutableBytes(of: &ends) { ends in
            HostSockets.makePair(
                domain: record.domain, type: record.type, networkProtocol: record.networkProtocol,
                ends.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        if made < 0 { return made }
        record.pair = thread.kernel.network.nextObjectNumber()
        record.state = .connected
        let isNonBlocking = flags & O_NONBLOCK != 0
        return thread.kernel.files.hand(
            HostSockets.describe(ends.0, isNonBlocking: isNonBlocking, record),
            HostSockets.describe(ends.1, isNonBlocking: isNonBlocking, record),
            closesOnExec: flags & O_CLOEXEC != 0, to: arguments.d)
    }

    /// The record for socket(2)'s arguments, or why there is no such socket.
    private static func wanted(_ arguments: SyscallArguments) -> Result<SocketRecord, CallError> {
        let domain = Int32(truncatingIfNeeded: arguments.a)
        let type = Int32(truncatingIfNeeded: arguments.b) & SocketType.mask
        let flags = Int32(truncatingIfNeeded: arguments.b) & ~SocketType.mask
        let networkProtocol = Int32(truncatingIfNeeded: arguments.c)
        guard flags & ~(O_CLOEXEC | O_NONBLOCK) == 0 else { return .failure(CallError(errno: EINVAL)) }
        guard [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].contains(domain) else {
            return .failure(CallError(errno: EAFNOSUPPORT))
        }
        // Options of SCTP hold pointers, and a takeover could rebuild neither of the two.
        let isInternet = domain == AF_INET || domain == AF_INET6
        let isRefused = networkProtocol == streamControlProtocol || networkProtocol == multipathProtocol
        if isInternet, isRefused, type != SocketType.raw { return .failure(CallError(errno: EPROTONOSUPPORT)) }
        return .success(SocketRecord(domain: domain, type: type, networkProtocol: networkProtocol))
    }

    // MARK: - Naming

    static func bind(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        let guestBytes = SocketAddress.guestBytes(at: arguments.b, length: arguments.c)
        let address: SocketAddress
        switch SocketAddress.load(thread, at: arguments.b, length: arguments.c, isNew: true) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): address = loaded
        }
        let result = withExtendedLifetime(address) {
            VolumeCall.bind(thread, guestBytes) {
                hostCall(
                    __NR_bind, UInt64(signed: file.hostFD), UInt64(address: address.pointer), UInt64(address.byteCount))
            }
        }
        // A path that is there already is EADDRINUSE here, EEXIST nowhere.
        if result < 0 { return result }
        let isNamedByKernel = SocketAddress.port(of: guestBytes) == 0 || guestBytes.count <= 2
        let local = isNamedByKernel ? HostSockets.name(__NR_getsockname, file.hostFD) : guestBytes
        file.updateSocket { socket in
            socket.state = .bound
            socket.localAddress = local
        }
        return result
    }

    static func listen(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        let record = file.socketRecord
        if let record { SocketOptions.reuseAddressSilently(file, record) }
        let result = hostCall(__NR_listen, UInt64(signed: file.hostFD), arguments.b)
        if result < 0 { return result }
        let local = record?.localAddress.isEmpty == true ? HostSockets.name(__NR_getsockname, file.hostFD) : nil
        file.updateSocket { socket in
            socket.state = .listening
            socket.backlog = Int32(truncatingIfNeeded: arguments.b)
            if let local { socket.localAddress = local }
        }
        return result
    }

    static func shutdown(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let how = Int32(truncatingIfNeeded: arguments.b)
        let result = shut(thread, file, how)
        if result < 0 { return result }
        file.updateSocket { socket in
            if how != Int32(SHUT_WR) { socket.isShutForReading = true }
            if how != Int32(SHUT_RD) { socket.isShutForWriting = true }
        }
        return result
    }

    /// The sending side is shut in the order of what was sent before, the receiving side at once. Between Unix sockets
    /// the peer sees that, too, so it is shut when all before is committed.
    private static func shut(_ thread: GuestThread, _ file: FileDescription, _ how: Int32) -> Int {
        let onHost = { (how: Int32) in hostCall(__NR_shutdown, UInt64(signed: file.hostFD), UInt64(signed: how)) }
        guard let hold = file.hold, !hold.passes, HostSockets.isConnected(file.hostFD) else { return onHost(how) }
        if how != Int32(SHUT_WR), hold.domain == AF_UNIX {
            let settled = thread.settleOutput(file)
            return settled == 0 ? onHost(how) : settled
        }
        switch how {
        case Int32(SHUT_RD): return onHost(how)
        case Int32(SHUT_WR), Int32(SHUT_RDWR):
            guard hold.putShutdown(Int32(SHUT_WR)) else { return onHost(how) }
            return how == Int32(SHUT_RDWR) ? onHost(Int32(SHUT_RD)) : 0
        default: return failed(EINVAL)
        }
    }

    // MARK: - Accepting

    static func accept(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        accept(thread, arguments, flags: 0)
    }

    static func accept4(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        accept(thread, arguments, flags: Int32(truncatingIfNeeded: arguments.d))
    }

    private static func accept(_ thread: GuestThread, _ arguments: SyscallArguments, flags: Int32) -> Int {
        guard flags & ~(O_CLOEXEC | O_NONBLOCK) == 0 else { return failed(EINVAL) }
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        // Before a connection is taken, as the kernel does.
        guard thread.kernel.files.hasRoom else { return failed(EMFILE) }
        let address = thread.scratch + MessageScratch.address
        var length = UInt32(MessageScratch.addressByteCountMax)
        let accepted = take(thread, file, address, &length)
        if accepted < 0 { return accepted }
        let peer = Array(UnsafeRawBufferPointer(start: address, count: min(Int(length), 128)))
        let connection = HostSockets.describe(
            Int32(accepted), isNonBlocking: flags & O_NONBLOCK != 0, record(from: file, peer: peer))
        if arguments.b != 0 {
            let written = SocketAddress.copyOut(address, length, to: arguments.b, lengthAt: arguments.c)
            if written < 0 { return written }
        }
        return thread.kernel.files.add(connection, closesOnExec: flags & O_CLOEXEC != 0)
    }

    private static func take(
        _ thread: GuestThread, _ file: FileDescription, _ address: UnsafeMutableRawPointer, _ length: inout UInt32
    ) -> Int {
        let deadline = thread.receiveDeadline(file)
        let isBlocking = file.isBlocking
        if case .outside = file.record.withLock({ $0 }), file.isSharedWithStrangers {
            return takeFromShared(thread, file, address, &length)
        }
        return thread.performBlocking(
            file, events: Int16(POLLIN), isBlocking: isBlocking, deadlineNanoseconds: deadline
        ) {
            length = UInt32(MessageScratch.addressByteCountMax)
            return HostSockets.accept(file, address, &length)
        }
    }

    /// A listener from outside (socket activation) blocks on the host: it is asked first. Another
    /// process may take the connection in between, so the call itself counts as a wait, too.
    private static func takeFromShared(
        _ thread: GuestThread, _ file: FileDescription, _ address: UnsafeMutableRawPointer, _ length: inout UInt32
    ) -> Int {
        if file.isBlocking {
            let deadline = thread.receiveDeadline(file)
            switch thread.wait(for: file, events: Int16(POLLIN), deadlineNanoseconds: deadline) {
            case .timedOut: return failed(EAGAIN)
            case .interrupted: return Restart.interruptedSocket(deadlineNanoseconds: deadline)
            case .ready: break
            }
        } else {
            var entry = pollfd(fd: file.hostFD, events: Int16(POLLIN), revents: 0)
            if hostCall(__NR_poll, UInt64(address: &entry), 1, 0) == 0 { return failed(EAGAIN) }
        }
        thread.kernel.gate.beginWaiting(thread)
        let accepted = HostSockets.accept(file, address, &length)
        thread.kernel.gate.endWaiting(thread)
        return accepted
    }

    /// A connection starts as its listener is: TCP's inherits the options, a Unix one does not.
    private static func record(from listener: FileDescription, peer: [UInt8]) -> SocketRecord {
        guard var record = listener.socketRecord else {
            var unknown = HostSockets.record(of: listener.hostFD)
            unknown.state = .connected
            unknown.peerAddress = peer
            return unknown
        }
        record.state = .connected
        record.peerAddress = peer
        record.backlog = 0
        if record.domain == AF_UNIX {
            record.options = []
            record.receiveTimeoutNanoseconds = nil
            record.sendTimeoutNanoseconds = nil
        }
        return record
    }
}
