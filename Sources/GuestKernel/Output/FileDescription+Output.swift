import Glibc
import GuestMemory
import Synchronization

extension OutputGate {
    /// Gives a description its stream, where the outside sees what the guest writes to it. Before it enters the table,
    /// so that no write can come earlier.
    ///
    /// Output are sockets but the two ends of a socketpair and netlink; pipes, terminals and files that came from
    /// outside; FIFOs and terminals that were opened by path. Files opened by path are not: they act at once.
    func adopt(_ file: FileDescription) {
        guard file.hold == nil else { return }
        switch file.kind {
        case .socket: adoptSocket(file)
        case .pipe, .terminal, .regular: adoptOutside(file)
        case .directory, .device, .epoll, .event, .timer, .signal, .synthetic: break
        }
    }

    private func adoptSocket(_ file: FileDescription) {
        let isOutside: Bool
        let record: SocketRecord
        switch file.record.withLock({ $0 }) {
        case .socket(let socket): (isOutside, record) = (false, socket)
        case .outside: (isOutside, record) = (true, HostSockets.record(of: file.hostFD))
        default: return
        }
        if record.pair != 0 || record.domain == AF_NETLINK { return }
        let kind: HeldStream.Kind
        if record.type == SocketType.stream {
            kind = .connection
        } else {
            kind = record.domain == AF_INET || record.domain == AF_INET6 ? .datagrams : .messages
        }
        let place: OutputPlace
        switch kind {
        case .connection where isOutside: place = outsidePlace(file)
        case .datagrams:
            place = .socket(domain: record.domain, type: record.type, networkProtocol: record.networkProtocol)
        default: place = .nowhere
        }
        let stream = HeldStream(
            gate: self, number: nextNumber(), kind: kind, file: file, place: place, travels: place != .nowhere)
        _ = stream.join(file)
        file.hold = stream
    }

    private func adoptOutside(_ file: FileDescription) {
        guard file.statusFlags.load(ordering: .relaxed) & O_ACCMODE != O_RDONLY else { return }
        let place: OutputPlace
        switch file.record.withLock({ $0 }) {
        case .outside: place = outsidePlace(file)
        case .file(let record) where file.kind != .regular: place = .path(record.path)
        default: return
        }
        let kind: HeldStream.Kind
        switch file.kind {
        case .pipe: kind = .pipe
        case .terminal: kind = .terminal
        default: kind = .regular
        }
        var status = stat()
        fstat(file.hostFD, &status)
        file.hold = sharedStream(of: file, device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) {
            HeldStream(gate: self, number: nextNumber(), kind: kind, file: file, place: place, travels: true)
        }
    }

    private func outsidePlace(_ file: FileDescription) -> OutputPlace {
        if case .outside(let record) = file.record.withLock({ $0 }) { return .outside(record.descriptor) }
        return .nowhere
    }
}

extension FileDescription {
    /// What is held of it became too much, or little enough: the epoll sets that watch it are told.
    func refreshOutputReadiness() {
        for registration in registrations.withLock({ $0 }) {
            registration.set.refreshOutput(of: self, registration.descriptor)
        }
    }

    /// Whether a write has to be told that there is no room. False for what holds nothing.
    var isOutputFull: Bool { hold?.isFull ?? false }
}

extension GuestThread {
    /// Waits until what the guest did so far is committed and what is held of the file has gone out: 0, or what the
    /// interrupted call returns. At once where nothing is held.
    @inline(__always)
    func settleOutput(_ file: FileDescription) -> Int {
        guard let hold = file.hold, !hold.passes else { return 0 }
        return hold.gate.waitUntilDrained(self, hold)
    }

    /// As `settleOutput` where bytes are held, for a call that has to see the file as after its last write: its size,
    /// its position.
    @inline(__always)
    func settleHeldBytes(_ file: FileDescription) -> Int {
        guard let hold = file.hold, !hold.isEmpty else { return 0 }
        return hold.gate.waitUntilDrained(self, hold)
    }
}
