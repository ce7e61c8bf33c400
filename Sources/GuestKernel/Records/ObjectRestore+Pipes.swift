import CGuestEntry
import Glibc
import GuestMemory

/// Pipes and socketpairs with what lies in them. An end that no descriptor of the guest's stands for is closed.
extension ObjectRestorer {
    private static let packetMode: Int32 = 0o40000
    private static let commandSetPipeSize: UInt64 = 1031  // F_SETPIPE_SZ
    private static let forcedSendBuffer: Int32 = 32  // SO_SNDBUFFORCE
    /// More than any one socket is allowed to hold unless it is told otherwise (net.core.wmem_max).
    private static let sendBufferByteCount: Int32 = 64 << 20

    // MARK: - Pipes

    func restorePipe(_ number: UInt64, _ ends: [DescriptionRecord]) throws(RestoreError) -> [FileDescription] {
        guard let pipe = SparePipe() else { throw noRoom(ends[0]) }
        let capacity = ends.lazy.compactMap(\.pipe?.capacity).max() ?? 0
        hostCall(
            __NR_fcntl, UInt64(signed: pipe.writeEnd), ObjectRestorer.commandSetPipeSize, UInt64(max(0, capacity)))
        if let queue = records.pipes[number], !fill(pipe, queue) {
            kernel.reportOnce("a pipe of the guest's could not be given all that was in it")
        }
        var made: [FileDescription] = []
        for end in ends {
            let access = end.statusFlags & O_ACCMODE
            let source = access == O_RDONLY ? pipe.readEnd : pipe.writeEnd
            // A description of its own for each: those that share one are dup'ed in the table.
            let opened = HostFile.open(HostFile.descriptorPath(source), flags: access | O_NONBLOCK)
            let file = try describe(end, .pipe, Int32(opened))
            // open(2) refuses what fcntl(2) allows for pipes.
            setFlags(file.hostFD, O_NONBLOCK | end.statusFlags & ObjectRestorer.packetMode)
            made.append(file)
        }
        return made
    }

    /// False when not everything found room.
    private func fill(_ pipe: SparePipe, _ queue: QueueRecord) -> Bool {
        // Each write is a packet then, and a read ends behind it.
        let isPackets = queue.runs.count > 1
        setFlags(pipe.writeEnd, O_NONBLOCK | (isPackets ? ObjectRestorer.packetMode : 0))
        for run in queue.runs {
            let written = run.withUnsafeBytes { bytes in
                hostCall(
                    __NR_write, UInt64(signed: pipe.writeEnd), UInt64(address: bytes.baseAddress), UInt64(bytes.count))
            }
            if written != run.count { return false }
        }
        return true
    }

    private func setFlags(_ hostFD: Int32, _ flags: Int32) {
        hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_SETFL), UInt64(signed: flags))
    }

    // MARK: - Socketpairs

    func restorePair(_ ends: [DescriptionRecord]) throws(RestoreError) -> [FileDescription] {
        guard let first = ends[0].socket else { return [] }
        var hostFDs: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &hostFDs) { hostFDs in
            HostSockets.makePair(
                domain: first.domain, type: first.type, networkProtocol: first.networkProtocol,
                hostFDs.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        guard result >= 0 else { throw noRoom(ends[0], errno: Int32(-result)) }
        let both = [hostFDs.0, hostFDs.1]
        var isComplete = true
        for (end, hostFD) in zip(ends, both) {
            guard let socket = end.socket else { continue }
            SocketOptions.apply(socket.options, to: hostFD)
            guard let queue = records.queues[end.identity] else { continue }
            let peer = hostFD == both[0] ? both[1] : both[0]
            for run in queue.runs where !send(run, socket.type, from: peer) { isComplete = false }
        }
        if !isComplete { kernel.reportOnce("a socketpair of the guest's could not be given all that was in it") }
        if ends.count == 1 {
            // A byte that the other end has not read makes its close a reset.
            if records.queues[ends[0].identity]?.endsInReset == true { _ = send([0], first.type, from: both[0]) }
            hostCall(__NR_close, UInt64(signed: both[1]))
        }
        return zip(ends, both).compactMap { end, hostFD in
            guard let socket = end.socket else { return nil }
            SocketOptions.shut(hostFD, as: socket)
            return HostSockets.describe(hostFD, statusFlags: end.statusFlags, socket, identity: end.identity)
        }
    }

    /// Sends a packet, or all of a stream's bytes. False when they found no room.
    private func send(_ run: [UInt8], _ type: Int32, from hostFD: Int32) -> Bool {
        var done = 0
        var isRaised = false
        let usual = integerOption(hostFD, SO_SNDBUF)
        defer { if isRaised { setIntegerOption(hostFD, SO_SNDBUF, usual / 2) } }
        repeat {
            let sent = run.withUnsafeBytes { bytes in
                hostCall(
                    __NR_sendto, UInt64(signed: hostFD), UInt64(address: bytes.baseAddress) + UInt64(done),
                    UInt64(bytes.count - done), UInt64(signed: MessageFlag.dontWait | MessageFlag.noSignal))
            }
            if sent >= 0 {
                done += sent
                if type != SocketType.stream { return true }
            } else if sent != -Int(EINTR) {
                // Many small sends weigh more than one large, and a larger buffer may have been in force then.
                if isRaised { return false }
                isRaised = true
                setIntegerOption(hostFD, SO_SNDBUF, ObjectRestorer.sendBufferByteCount)
                setIntegerOption(hostFD, ObjectRestorer.forcedSendBuffer, ObjectRestorer.sendBufferByteCount)
            }
        } while done < run.count || type != SocketType.stream
        return true
    }

    private func integerOption(_ hostFD: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = 0
        var length: UInt32 = 4
        hostCall(
            __NR_getsockopt, UInt64(signed: hostFD), UInt64(SOL_SOCKET), UInt64(name), UInt64(address: &value),
            UInt64(address: &length))
        return value
    }

    private func setIntegerOption(_ hostFD: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        hostCall(
            __NR_setsockopt, UInt64(signed: hostFD), UInt64(SOL_SOCKET), UInt64(name), UInt64(address: &value), 4)
    }
}

extension DescriptionRecord {
    var pipe: PipeRecord? {
        if case .pipe(let pipe) = object { return pipe }
        return nil
    }

    var socket: SocketRecord? {
        if case .socket(let socket) = object { return socket }
        return nil
    }
}
