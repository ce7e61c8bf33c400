import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension OutputGate {
    /// Gives a description its stream, where the outside sees what the guest writes to it. Before it enters the table,
    /// so that no write can come earlier.
    ///
    /// Output are sockets but the two ends of a socketpair and netlink; pipes, terminals, files and eventfds that came
    /// from outside; FIFOs, terminals and disks that were opened by path. Of files opened by path those that no mirror
    /// has a copy of: what is done to a volume's travels with its epoch.
    func adopt(_ file: FileDescription) {
        guard file.hold == nil else { return }
        switch file.kind {
        case .socket: adoptSocket(file)
        case .pipe, .terminal, .regular, .device: adoptOutside(file)
        case .directory, .epoll, .event, .timer, .signal, .synthetic, .lost: break
        }
    }

    private func adoptSocket(_ file: FileDescription) {
        let isOutside: Bool
        let record: SocketRecord
        switch file.record.current {
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
            gate: self, kind: kind, file: file, domain: record.domain, place: place, travels: place != .nowhere)
        _ = stream.join(file)
        file.hold = stream
    }

    private func adoptOutside(_ file: FileDescription) {
        guard file.statusFlags.load(ordering: .relaxed) & O_ACCMODE != O_RDONLY else { return }
        let place: OutputPlace
        let kind: HeldStream.Kind
        switch (file.record.current, file.kind) {
        case (.outside, .pipe): (place, kind) = (outsidePlace(file), .pipe)
        case (.outside(let record), .regular):
            let (device, inode) = OutputGate.object(of: file)
            (place, kind) = (.outsideFile(record.descriptor, device: device, inode: inode), .regular)
        case (.outside, .terminal): (place, kind) = (outsidePlace(file), .terminal)
        case (.file(let record), .terminal): (place, kind) = (.path(record.path), .terminal)
        case (.file, .pipe): (place, kind) = (.nowhere, .fifo)
        case (.file, .regular) where file.isUnreplicated: (place, kind) = (.nowhere, .unreplicated)
        case (_, .device) where OutputGate.isSeen(file): (place, kind) = (.nowhere, .fifo)
        default: return
        }
        let make = { [self] in
            HeldStream(gate: self, kind: kind, file: file, place: place, travels: !kind.actsDirectly)
        }
        if kind.actsDirectly {
            let stream = make()
            _ = stream.join(file)
            file.hold = stream
        } else {
            let (device, inode) = OutputGate.object(of: file)
            file.hold = sharedStream(of: file, device: device, inode: inode, make: make)
        }
    }

    /// Whether what is written to a device is there for others: not with the memory devices, which are the only ones
    /// for characters here. Disks are, and so are eventfds from outside, whose files have no type.
    private static func isSeen(_ file: FileDescription) -> Bool {
        var status = stat()
        return fstat(file.hostFD, &status) == 0 && status.st_mode & S_IFMT != S_IFCHR
    }

    /// What tells an outside object from others. A terminal has several names (/dev/tty), and one number.
    private static func object(of file: FileDescription) -> (device: UInt64, inode: UInt64) {
        let terminalNumber: UInt64 = 0x8004_5432  // TIOCGDEV
        var number: UInt32 = 0
        if file.kind == .terminal,
            hostCall(__NR_ioctl, UInt64(signed: file.hostFD), terminalNumber, UInt64(address: &number)) == 0
        {
            return (.max, UInt64(number))
        }
        var status = stat()
        fstat(file.hostFD, &status)
        return (UInt64(status.st_dev), UInt64(status.st_ino))
    }

    private func outsidePlace(_ file: FileDescription) -> OutputPlace {
        if case .outside(let record) = file.record.current { return .outside(record.descriptor) }
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
        return hold.gate.waitUntilDrained(self, hold) == 0 ? 0 : Restart.always
    }

    /// The same for what only a file has. Anything else refuses such a call at once (ESPIPE, EINVAL), and not once its
    /// peer has read, which may be never.
    @inline(__always)
    func settleFileBytes(_ file: FileDescription) -> Int {
        file.mayWait ? 0 : settleHeldBytes(file)
    }

    /// Before a write whose place is given: as `settleFileBytes`, or all of it where writes are done directly.
    @inline(__always)
    func settlePositionedWrite(_ file: FileDescription) -> Int {
        guard let hold = file.hold, hold.kind.actsDirectly else { return settleFileBytes(file) }
        return settleOutput(file) == 0 ? 0 : Restart.always
    }

    /// Before a child is started, which inherits every description and whose output is not held: what is held of them
    /// goes out, so that the child's comes behind it. A connection's peer may take its time, which natively is nothing
    /// to the parent: after the commit a moment is left for it.
    func settleInherited() -> Int {
        guard kernel.output != nil else { return 0 }
        for (_, file) in kernel.files.snapshot() {
            guard let hold = file.hold, !hold.isEmpty else { continue }
            let patience = hold.kind == .connection ? GuestThread.connectionPatienceNanoseconds : nil
            let result = hold.gate.waitUntilDrained(self, hold, patienceNanoseconds: patience)
            if result != 0 { return Restart.always }
        }
        return 0
    }

    private static let connectionPatienceNanoseconds: UInt64 = 100_000_000

    /// Waits until what the guest did so far is committed: before somebody outside sees what it does next, by a call
    /// that natively does not wait. 0, or what the interrupted call returns. At once where nothing is held.
    func settleEverything() -> Int {
        guard let output = kernel.output else { return 0 }
        return output.waitUntilCommitted(self) == 0 ? 0 : Restart.always
    }
}
