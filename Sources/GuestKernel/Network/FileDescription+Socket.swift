import Glibc
import GuestMemory
import Synchronization

extension FileDescription {
    /// A copy of the socket's record; nil for what is not one of the guest's own sockets.
    var socketRecord: SocketRecord? {
        if case .socket(let socket) = record.current { return socket }
        return nil
    }

    /// Keeps the socket's record true; nothing happens for a socket that came from outside.
    func updateSocket(_ change: (inout SocketRecord) -> Void) {
        record.withLock { record in
            guard case .socket(var socket) = record else { return }
            change(&socket)
            record = .socket(socket)
        }
    }

    /// Whether its bytes have no boundaries, so that a transfer may be cut into pieces. Takes a
    /// lock: for the rare cases only.
    var isStreamSocket: Bool {
        record.withLock { record in
            if case .socket(let socket) = record { return socket.type == SocketType.stream }
            return HostSockets.record(of: hostFD).type == SocketType.stream
        }
    }

    /// Whether the host's description is shared with strangers, so that it could not be made O_NONBLOCK.
    var isSharedWithStrangers: Bool {
        BlockingMark.hostFlags(hostFD) & O_NONBLOCK == 0
    }
}

extension GuestThread {
    /// When a receive on the socket gives up (SO_RCVTIMEO); nil for never. Computed once per call.
    @inline(__always)
    func receiveDeadline(_ file: FileDescription) -> UInt64? {
        file.hasTimeouts.load(ordering: .relaxed) ? deadline(file, \.receiveTimeoutNanoseconds) : nil
    }

    /// When a send or connect on the socket gives up (SO_SNDTIMEO).
    @inline(__always)
    func sendDeadline(_ file: FileDescription) -> UInt64? {
        file.hasTimeouts.load(ordering: .relaxed) ? deadline(file, \.sendTimeoutNanoseconds) : nil
    }

    private func deadline(_ file: FileDescription, _ timeout: KeyPath<SocketRecord, UInt64?>) -> UInt64? {
        if let known = waiter.deadlineNanoseconds { return known }
        let nanoseconds = file.socketRecord?[keyPath: timeout]
        waiter.deadlineNanoseconds = nanoseconds.map { kernel.clock.deadline(after: $0) }
        return waiter.deadlineNanoseconds
    }
}

extension Restart {
    /// An interrupted wait on a socket: one with a timeout is never made again after a handler
    /// (sock_intr_errno in include/net/sock.h).
    static func interruptedSocket(deadlineNanoseconds: UInt64?) -> Int {
        deadlineNanoseconds == nil ? system : withoutHandler
    }
}
