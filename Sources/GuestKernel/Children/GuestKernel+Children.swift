import CGuestEntry
import Glibc
import GuestMemory

extension GuestKernel {
    /// The host has told of a child: SIGCHLD with a code above 0. Several at once may have come as one.
    ///
    /// Stops are told by SIGCHLD whatever the child's exit signal is (do_notify_parent_cldstop in kernel/signal.c).
    public func childChanged(code: Int32, pid: Int32, status: Int32) {
        noteChildEnds()
        children.wakeWaiters()
        guard code > HostWait.codeDumped, children.find(pid) != nil,
            signals.action(for: SIGCHLD).flags & SignalAction.noChildStop == 0
        else { return }
        sendToProcess(.child(code, pid: pid, status: status))
    }

    /// Looks which children have ended, and tells the guest, as one step: who waits for a child finds it ended only
    /// when its signal has been sent.
    func noteChildEnds() {
        children.telling.withLock { _ in
            for child in children.takeEnds() { tellOfEnd(child) }
        }
    }

    /// Tells the guest of a child's end, as do_notify_parent in kernel/signal.c.
    func tellOfEnd(_ child: Child) {
        guard var info = child.end else { return }
        // Of any other end it has told itself.
        if info.code == HostWait.codeKilled, info.field1 == UInt64(SIGKILL) {
            tracing?.area.writeProcessEnd(pid: child.pid, .signalled(SIGKILL))
        }
        guard child.exitSignal != 0 else { return }
        let action = signals.action(for: SIGCHLD)
        let isIgnored = action.handler == SignalAction.ignoreHandler
        if child.exitSignal == SIGCHLD, isIgnored || action.flags & SignalAction.noChildWait != 0 {
            children.forget(child.pid)
            if isIgnored { return }
        }
        info.signal = child.exitSignal
        sendToProcess(info)
    }

    /// getppid's answer is another one from now on, also where it is given without leaving the guest; and who asked for
    /// it is told (forget_original_parent in kernel/exit.c).
    public func parentEnded() {
        let parent = identity.currentParentPid
        threads.visit { $0.context.pointee.guest_parent_pid = parent }
        let signal = identity.attributes.withLock { $0.deathSignal }
        guard identity.isChild, signal != 0 else { return }
        let user = UInt32(hostCall(__NR_getuid))
        sendToProcess(.sent(signal: signal, code: 0, pid: identity.parentPid, uid: user))
    }

    /// In a child that ends: says so to whoever traces it. Of SIGKILL its parent does (`tellOfEnd`).
    public func traceEnd(_ end: GuestEnd) {
        if end != .signalled(SIGKILL) { tracing?.area.writeProcessEnd(pid: identity.pid, end) }
    }

    /// Whether another process of the guest's may be the one of this pid: of a child all others count.
    public func isRelated(_ pid: Int32) -> Bool {
        identity.isChild || children.find(pid) != nil
    }

    /// Whether there is, or was, another process of the guest's.
    public var hasRelatives: Bool { identity.isChild || children.isUsed.load(ordering: .relaxed) }

    /// A process group as the host knows it: the guest's own pid is another's there after a takeover.
    func hostGroup(_ group: Int32) -> Int32 {
        group == identity.processGroup ? Int32(hostCall(__NR_getpgid, 0)) : group
    }
}

extension SignalInfo {
    /// Of a child (sigaction(2), "The siginfo_t argument to a SA_SIGINFO handler").
    static func child(_ code: Int32, pid: Int32, status: Int32) -> SignalInfo {
        var info = sent(signal: SIGCHLD, code: code, pid: pid, uid: UInt32(hostCall(__NR_getuid)))
        info.field1 = UInt64(UInt32(bitPattern: status))
        return info
    }
}
