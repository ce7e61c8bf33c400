import CGuestEntry
import Glibc
import GuestMemory

/// wait4 and waitid: a wait on the thread's own word, until something is new of a child.
enum WaitCalls {
    private static let noThread: UInt32 = 0x2000_0000  // __WNOTHREAD
    private static let allKinds: UInt32 = 0x4000_0000  // __WALL
    private static let cloned: UInt32 = 0x8000_0000  // __WCLONE
    private static let kinds = UInt32(HostWait.exited | HostWait.stopped | HostWait.continued)

    /// Which children a wait is for.
    private enum Target {
        case anyone
        case process(Int32)
        case group(Int32)
    }

    static func wait(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let options = UInt32(truncatingIfNeeded: arguments.c)
        let known = UInt32(HostWait.hang | HostWait.stopped | HostWait.continued) | noThread | allKinds | cloned
        guard options & ~known == 0 else { return failed(EINVAL) }
        let pid = Int32(truncatingIfNeeded: arguments.a)
        if pid == Int32.min { return failed(ESRCH) }
        let target: Target
        switch pid {
        case -1: target = .anyone
        case 0: target = .group(thread.kernel.identity.processGroup)
        case ..<0: target = .group(-pid)
        default: target = .process(pid)
        }
        return wait(thread, target, options | UInt32(HostWait.exited)) { change in
            if arguments.b != 0, !GuestAccess.store(change.status, at: arguments.b) { return failed(EFAULT) }
            guard storeUsage(change, at: arguments.d) else { return failed(EFAULT) }
            return Int(change.pid)
        }
    }

    static func waitIdentity(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let options = UInt32(truncatingIfNeeded: arguments.d)
        let known = kinds | UInt32(HostWait.hang | HostWait.keeps) | noThread | allKinds | cloned
        guard options & ~known == 0, options & kinds != 0 else { return failed(EINVAL) }
        let identity = Int32(truncatingIfNeeded: arguments.b)
        let target: Target
        switch arguments.a {
        case 0: target = .anyone
        case 1:
            guard identity > 0 else { return failed(EINVAL) }
            target = .process(identity)
        case 2:
            guard identity >= 0 else { return failed(EINVAL) }
            target = .group(identity == 0 ? thread.kernel.identity.processGroup : identity)
        // P_PIDFD: there are none.
        case 3: return failed(EBADF)
        default: return failed(EINVAL)
        }
        let result = wait(thread, target, options) { change in
            guard store(change.info, at: arguments.c), storeUsage(change, at: arguments.e) else {
                return failed(EFAULT)
            }
            return 0
        }
        // Nothing new: as the kernel, which says so by a pid of 0.
        if result == 0, arguments.c != 0, thread.waiter.progress == nothingNew {
            var none = SignalInfo(signal: 0, code: 0)
            none.field0 = 0
            guard store(none, at: arguments.c) else { return failed(EFAULT) }
        }
        return result
    }

    /// In a waiter's progress, which a record takes from 0 up: WNOHANG found nothing.
    private static let nothingNew = 1

    private static func wait(
        _ thread: GuestThread, _ target: Target, _ options: UInt32, _ tell: (HostWait.Change) -> Int
    ) -> Int {
        let children = thread.kernel.children
        let identity = thread.kernel.identity
        let hostOptions = Int32(bitPattern: options & ~(noThread | allKinds | cloned | UInt32(HostWait.hang)))
        children.addWaiter(thread)
        defer { children.removeWaiter(thread) }
        while true {
            let isAwake = thread.prepareToSleep()
            thread.kernel.noteChildEnds()
            switch children.take(options: hostOptions, where: { isMeant($0, target, options, identity) }) {
            case .found(let change): return tell(change)
            case .noSuchChild: return failed(ECHILD)
            case .nothing: break
            }
            if options & UInt32(HostWait.hang) != 0 {
                thread.waiter.progress = nothingNew
                return 0
            }
            guard isAwake else { return Restart.system }
            _ = thread.sleepUntilWoken(deadlineNanoseconds: nil)
        }
    }

    private static func isMeant(
        _ child: Child, _ target: Target, _ options: UInt32, _ identity: GuestIdentity
    ) -> Bool {
        // eligible_child in kernel/exit.c.
        if options & allKinds == 0, (child.exitSignal != SIGCHLD) != (options & cloned != 0) { return false }
        switch target {
        case .anyone: return true
        case .process(let pid): return child.pid == pid
        case .group(let group):
            return group == (child.isLost ? child.processGroup : identity.processGroup(of: child.pid))
        }
    }

    private static func store(_ info: SignalInfo, at address: UInt64) -> Bool {
        if address == 0 { return true }
        var info = info
        if info.code != 0 { info.signal = SIGCHLD }
        // The first six fields of siginfo_t, which is all that waitid(2) writes.
        return GuestAccess.store(info.signal, at: address) && GuestAccess.store(info.errno, at: address + 4)
            && GuestAccess.store(info.code, at: address + 8) && GuestAccess.store(info.field0, at: address + 16)
            && GuestAccess.store(Int32(truncatingIfNeeded: info.field1), at: address + 24)
    }

    private static func storeUsage(_ change: HostWait.Change, at address: UInt64) -> Bool {
        if address == 0 { return true }
        let usage = change.usage.isEmpty ? [UInt8](repeating: 0, count: HostWait.usageByteCount) : change.usage
        return GuestAccess.storeArray(usage, at: address)
    }
}
