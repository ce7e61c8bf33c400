import CGuestEntry
import Glibc
import GuestMemory

extension SocketCalls {
    /// connect(2). A blocking one starts the connection, waits outside, and asks again: the second
    /// connect(2) on the host gives the result, and puts the socket back after a failure, as a
    /// blocking one would (__inet_stream_connect in net/ipv4/af_inet.c).
    static func connect(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        let guestBytes = SocketAddress.guestBytes(at: arguments.b, length: arguments.c)
        let address: SocketAddress
        switch SocketAddress.load(thread, at: arguments.b, length: arguments.c) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): address = loaded
        }
        let settled = settle(thread, file)
        if settled != 0 { return settled }
        let result = withExtendedLifetime(address) { establish(thread, file, address) }
        let isConnecting = result == -Int(EINPROGRESS) || Restart.contains(result)
        guard result == 0 || isConnecting else { return result }
        file.updateSocket { socket in
            if address.family == AF_UNSPEC {
                socket.state = socket.localAddress.isEmpty ? .unconnected : .bound
                socket.peerAddress = []
            } else {
                socket.state = isConnecting ? .connecting : .connected
                socket.peerAddress = guestBytes
            }
        }
        return result
    }

    /// A connection is seen outside, so all that led to it is committed first. A datagram socket's peer is seen by
    /// nobody, but what was sent before has to go to the one before. One that is there already refuses, and does not
    /// wait for its peer to read.
    private static func settle(_ thread: GuestThread, _ file: FileDescription) -> Int {
        guard let hold = file.hold else { return 0 }
        if hold.kind == .datagrams { return thread.settleHeldBytes(file) }
        let isThere = hold.kind == .connection && !hold.isEmpty
        return isThere ? thread.settleEverything() : thread.settleOutput(file)
    }

    private static func establish(_ thread: GuestThread, _ file: FileDescription, _ address: SocketAddress) -> Int {
        let isBlocking = file.isBlocking
        let deadline = thread.sendDeadline(file)
        var pauseNanoseconds: UInt64 = 50_000
        while true {
            let result = hostCall(
                __NR_connect, UInt64(signed: file.hostFD), UInt64(address: address.pointer), UInt64(address.byteCount))
            if result == -Int(EINTR) { continue }
            if !isBlocking { return result }
            let outcome: WaitOutcome
            switch result {
            case -Int(EINPROGRESS), -Int(EALREADY):
                outcome = thread.wait(for: file, events: Int16(POLLOUT), deadlineNanoseconds: deadline)
            case -Int(EAGAIN) where address.family == AF_UNIX:
                // The listener's backlog is full, which poll does not tell an unconnected socket.
                outcome = thread.pause(&pauseNanoseconds, deadlineNanoseconds: deadline)
            default:
                return result
            }
            switch outcome {
            case .ready: continue
            case .timedOut: return result
            case .interrupted: return Restart.interruptedSocket(deadlineNanoseconds: deadline)
            }
        }
    }
}

extension GuestThread {
    /// Sleeps for a moment that doubles up to 10 ms, where nothing on the host says when to try again.
    func pause(_ pauseNanoseconds: inout UInt64, deadlineNanoseconds: UInt64?) -> WaitOutcome {
        guard prepareToSleep() else { return .interrupted }
        let now = kernel.clock.monotonicNanoseconds()
        if let deadlineNanoseconds, now >= deadlineNanoseconds { return .timedOut }
        let end = min(kernel.clock.deadline(after: pauseNanoseconds), deadlineNanoseconds ?? UInt64.max)
        pauseNanoseconds = min(pauseNanoseconds * 2, 10_000_000)
        _ = sleepUntilWoken(deadlineNanoseconds: end)
        return kernel.mustInterrupt(self) ? .interrupted : .ready
    }
}
