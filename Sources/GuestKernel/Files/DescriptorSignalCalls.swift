import CGuestEntry
import Glibc
import GuestMemory

/// Signal-driven I/O (F_SETOWN, F_SETSIG and O_ASYNC of fcntl(2)) and directory notification (F_NOTIFY).
///
/// The host watches the descriptor and sends the supervisor a signal of its own choice, which says which descriptor of
/// the host's it is about; `GuestKernel.sendDescriptorEvent` makes the guest's of it. What others get, another
/// process or a whole group, is the guest's signal from the start.
enum DescriptorSignalCalls {
    private static let setOwnerCommand: Int32 = 15  // F_SETOWN_EX
    private static let asynchronousRequest: UInt64 = 0x5452  // FIOASYNC
    private static let inputCode: Int32 = 1  // POLL_IN
    private static let messageCode: Int32 = 3  // POLL_MSG, and its events: a directory has changed
    private static let messageBand: UInt64 = 0x441
    private static let multipleFlag: UInt32 = 0x8000_0000  // DN_MULTISHOT

    // MARK: - Owners

    /// F_SETOWN, and a socket's FIOSETOWN: a group is negative.
    static func setOwner(_ thread: GuestThread, _ file: FileDescription, _ owner: Int32) -> Int {
        guard owner != .min else { return failed(EINVAL) }
        return setOwner(thread.kernel, file, owner < 0 ? .group : .process, abs(owner))
    }

    /// F_SETOWN_EX.
    static func setOwner(_ thread: GuestThread, _ file: FileDescription, at address: UInt64) -> Int {
        guard let wanted = GuestAccess.load((kind: Int32, owner: Int32).self, at: address) else {
            return failed(EFAULT)
        }
        guard let kind = DescriptorSignals.OwnerKind(rawValue: wanted.kind) else { return failed(EINVAL) }
        guard wanted.owner >= 0 else { return failed(ESRCH) }
        return setOwner(thread.kernel, file, kind, wanted.owner)
    }

    private static func setOwner(
        _ kernel: GuestKernel, _ file: FileDescription, _ kind: DescriptorSignals.OwnerKind, _ owner: Int32
    ) -> Int {
        file.signals.withLock { signals in
            var wanted = signals
            wanted.ownerKind = kind
            wanted.owner = owner
            let result = applyOwner(wanted, kernel, file)
            if result == 0 { signals = wanted }
            return result
        }
    }

    static func owner(of file: FileDescription) -> Int {
        file.signals.withLock { Int($0.ownerKind == .group ? -$0.owner : $0.owner) }
    }

    /// F_GETOWN_EX.
    static func storeOwner(of file: FileDescription, at address: UInt64) -> Int {
        let owner = file.signals.withLock { (kind: $0.ownerKind.rawValue, owner: $0.owner) }
        return GuestAccess.store(owner, at: address) ? 0 : failed(EFAULT)
    }

    // MARK: - Signals

    static func setSignal(_ kernel: GuestKernel, _ file: FileDescription, _ signal: UInt64) -> Int {
        guard signal <= 64 else { return failed(EINVAL) }
        return file.signals.withLock { signals in
            var wanted = signals
            wanted.signal = Int32(signal)
            let result = wanted.owner == 0 ? 0 : applySignal(wanted, kernel, file)
            if result == 0 { signals = wanted }
            return result
        }
    }

    /// O_ASYNC switched on or off. -ENOTTY for what tells nobody that it is ready, such as a file.
    static func setAsynchronous(_ file: FileDescription, _ descriptor: Int32, _ isOn: Bool) -> Int {
        file.signals.withLock { signals in
            let result = applyAsynchronous(file, isOn)
            if result == 0, isOn { signals.descriptor = descriptor }
            return result
        }
    }

    /// F_NOTIFY.
    static func notify(_ kernel: GuestKernel, _ file: FileDescription, _ descriptor: Int32, _ events: UInt32) -> Int {
        file.signals.withLock { signals in
            var wanted = signals
            // The kernel makes the caller the owner where there is none.
            if wanted.owner == 0 { (wanted.ownerKind, wanted.owner) = (.process, kernel.identity.pid) }
            wanted.descriptor = descriptor
            wanted.watched = events & ~multipleFlag == 0 ? 0 : events
            var result = applyOwner(wanted, kernel, file)
            if result == 0 { result = hostCall(__NR_fcntl, UInt64(signed: file.hostFD), 1026, UInt64(events)) }
            if result == 0 { signals = wanted }
            return result
        }
    }

    // MARK: - The host's side

    /// Gives the host descriptor of a description from a record what the record says. What is refused here stays so.
    ///
    /// A signal that was on its way when the record was made is not in it, so one is sent for what can be read by now,
    /// and for a directory: one too many is what programs have to expect anyway.
    static func restore(_ signals: DescriptorSignals, _ kernel: GuestKernel, _ file: FileDescription) {
        file.signals.withLock { $0 = signals }
        _ = applyOwner(signals, kernel, file)
        if file.statusFlags.load(ordering: .relaxed) & O_ASYNC != 0 {
            _ = applyAsynchronous(file, true)
            var question = pollfd(fd: file.hostFD, events: Int16(POLLIN | POLLPRI), revents: 0)
            guard hostCall(__NR_poll, UInt64(address: &question), 1, 0) == 1 else { return }
            let band = UInt64(UInt16(bitPattern: question.revents))
            _ = kernel.sendDescriptorEvent(code: inputCode, band: band, hostFD: file.hostFD)
        } else if signals.watched != 0 {
            hostCall(__NR_fcntl, UInt64(signed: file.hostFD), 1026, UInt64(signals.watched))
            _ = kernel.sendDescriptorEvent(code: messageCode, band: messageBand, hostFD: file.hostFD)
        }
    }

    /// Whether what the host sends comes to the supervisor alone, which then knows the guest's thread or process.
    private static func isOwn(_ signals: DescriptorSignals, _ kernel: GuestKernel) -> Bool {
        switch signals.ownerKind {
        case .process: signals.owner == kernel.identity.pid
        case .thread: kernel.threads.find(tid: signals.owner) != nil
        case .group: false
        }
    }

    private static func applyOwner(
        _ signals: DescriptorSignals, _ kernel: GuestKernel, _ file: FileDescription
    ) -> Int {
        var owner = (kind: signals.ownerKind.rawValue, owner: signals.owner)
        if signals.owner != 0 {
            let result = applySignal(signals, kernel, file)
            if result < 0 { return result }
            if isOwn(signals, kernel) {
                owner = (kind: DescriptorSignals.OwnerKind.process.rawValue, owner: kernel.identity.hostPid)
            } else if signals.ownerKind == .group {
                owner.owner = kernel.hostGroup(signals.owner)
            }
        }
        return withUnsafePointer(to: &owner) {
            hostCall(__NR_fcntl, UInt64(signed: file.hostFD), UInt64(setOwnerCommand), UInt64(address: $0))
        }
    }

    private static func applySignal(
        _ signals: DescriptorSignals, _ kernel: GuestKernel, _ file: FileDescription
    ) -> Int {
        let signal = isOwn(signals, kernel) ? HostSignals.descriptorEvent : signals.signal
        return hostCall(__NR_fcntl, UInt64(signed: file.hostFD), 10, UInt64(signed: signal))
    }

    private static func applyAsynchronous(_ file: FileDescription, _ isOn: Bool) -> Int {
        var value: Int32 = isOn ? 1 : 0
        return hostCall(__NR_ioctl, UInt64(signed: file.hostFD), asynchronousRequest, UInt64(address: &value))
    }
}

extension GuestKernel {
    /// The host's kernel tells that one of its descriptors is ready (`code` is POLL_IN or its like, `band` the events),
    /// or that a directory has changed. False where it is about none of the guest's.
    public func sendDescriptorEvent(code: Int32, band: UInt64, hostFD: Int32) -> Bool {
        guard let file = files.snapshot().first(where: { $0.file.hostFD == hostFD })?.file else { return false }
        let signals = file.signals.withLock { signals in
            let current = signals
            // Without DN_MULTISHOT a directory tells once.
            if Int32(bitPattern: signals.watched) >= 0 { signals.watched = 0 }
            return current
        }
        if signals.owner == 0 { return false }
        var info = SignalInfo.fromKernel(signal: SIGIO)
        if signals.signal != 0 {
            info = SignalInfo(signal: signals.signal, code: SignalInfo.descriptorCode(code, signal: signals.signal))
            info.field0 = band
            info.field1 = UInt64(UInt32(bitPattern: signals.descriptor))
        }
        let target = signals.ownerKind == .thread ? threads.find(tid: signals.owner) : nil
        if signals.ownerKind == .thread, target == nil { return true }
        let result = target.map { send(info, to: $0) } ?? sendToProcess(info)
        // A full queue: the program gets to know that it has missed something (send_sigio_to_task in fs/fcntl.c).
        if result < 0, signals.signal != 0 {
            let plain = SignalInfo.fromKernel(signal: SIGIO)
            _ = target.map { send(plain, to: $0) } ?? sendToProcess(plain)
        }
        return true
    }
}
