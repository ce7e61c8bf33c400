import CGuestEntry
import Glibc
import GuestMemory

/// clone, exit and what belongs to a thread.
enum ThreadCalls {
    private enum CloneFlags {
        static let vm: UInt64 = 0x100
        static let fs: UInt64 = 0x200
        static let files: UInt64 = 0x400
        static let signalHandlers: UInt64 = 0x800
        static let vfork: UInt64 = 0x4000
        static let thread: UInt64 = 0x1_0000
        static let setTls: UInt64 = 0x8_0000
        static let parentSetTid: UInt64 = 0x10_0000
        static let childClearTid: UInt64 = 0x20_0000
        static let childSetTid: UInt64 = 0x100_0000
        static let exitSignal: UInt64 = 0xff
        static let pidFD: UInt64 = 0x1000
        static let parent: UInt64 = 0x8000
        /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
        static let namespaces: UInt64 = 0x7e02_0000
        static let clearSignalHandlers: UInt64 = 0x1_0000_0000
        /// All of 32 bits, and CLONE_CLEAR_SIGHAND.
        static let known: UInt64 = 0x1_ffff_ffff
        /// What a process cannot be started with.
        static let unsupported = namespaces | fs | files | signalHandlers | thread | parent | pidFD
        /// What makes a thread of the same process.
        static let ofThread = vm | fs | files | signalHandlers | thread
    }

    private struct CloneRequest {
        var flags: UInt64
        var stackPointer: UInt64
        var parentTid: UInt64
        var childTid: UInt64
        var tls: UInt64
        var exitSignal: UInt64
    }

    static func clone(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        startThread(
            thread,
            CloneRequest(
                flags: arguments.a, stackPointer: arguments.b, parentTid: arguments.c, childTid: arguments.d,
                tls: arguments.e, exitSignal: arguments.a & CloneFlags.exitSignal))
    }

    /// sizeof(struct clone_args) since Linux 5.7 (CLONE_ARGS_SIZE_VER2).
    private static let knownByteCount = 88

    /// clone3(2): struct clone_args, of which the first 64 bytes are version 0.
    static func clone3(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.b >= 64 else { return failed(EINVAL) }
        guard arguments.b <= 4096 else { return failed(E2BIG) }
        guard let bytes = GuestAccess.loadArray(UInt8.self, at: arguments.a, count: Int(arguments.b)) else {
            return failed(EFAULT)
        }
        // What this kernel does not know must be zero; set_tid and its size, and cgroup, are not there.
        if bytes.dropFirst(knownByteCount).contains(where: { $0 != 0 }) { return failed(E2BIG) }
        if bytes.prefix(knownByteCount).dropFirst(64).contains(where: { $0 != 0 }) { return failed(EINVAL) }
        let fields = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self).prefix(8)) }
        guard fields[0] & ~CloneFlags.known == 0, fields[0] & CloneFlags.exitSignal == 0,
            fields[4] <= UInt64(SignalSet.count)
        else { return failed(EINVAL) }
        return startThread(
            thread,
            CloneRequest(
                flags: fields[0], stackPointer: fields[5] == 0 ? 0 : fields[5] &+ fields[6],
                parentTid: fields[3], childTid: fields[2], tls: fields[7], exitSignal: fields[4]))
    }

    private static func startThread(_ parent: GuestThread, _ request: CloneRequest) -> Int {
        guard request.flags & CloneFlags.ofThread == CloneFlags.ofThread else { return startProcess(parent, request) }
        if request.flags & CloneFlags.setTls != 0, request.tls >= 1 << 47 { return failed(EPERM) }
        let kernel = parent.kernel
        let tid = kernel.threads.allocateTid()
        guard let child = try? GuestThread(kernel: kernel, tid: tid, name: parent.name) else { return failed(EAGAIN) }
        copyRegisters(from: parent, to: child)
        child.context.pointee.rax = 0
        if request.stackPointer != 0 { child.context.pointee.rsp = request.stackPointer }
        if request.flags & CloneFlags.setTls != 0 { child.context.pointee.fs_base = request.tls }
        if request.flags & CloneFlags.childClearTid != 0 { child.clearChildTid = request.childTid }
        child.signals.mask = parent.signals.mask
        if request.flags & CloneFlags.parentSetTid != 0 {
            // As the kernel, which ignores an address that cannot be written.
            _ = GuestAccess.store(tid, at: request.parentTid)
        }
        if request.flags & CloneFlags.childSetTid != 0 { _ = GuestAccess.store(tid, at: request.childTid) }
        let result = kernel.start(child)
        return result == 0 ? Int(tid) : failed(EAGAIN)
    }

    /// clone(2) for a process. Memory that both go on to use is refused, and so are namespaces.
    private static func startProcess(_ parent: GuestThread, _ request: CloneRequest) -> Int {
        let flags = request.flags
        let sharesMemory = flags & CloneFlags.vm != 0
        guard !sharesMemory || flags & CloneFlags.vfork != 0, flags & CloneFlags.unsupported == 0 else {
            parent.kernel.reportOnce(
                "the guest called clone with flags \(hexadecimal(flags)), which is refused: processes that share "
                    + "memory or descriptors, and new namespaces, are not there")
            return failed(flags & CloneFlags.namespaces != 0 ? EPERM : EINVAL)
        }
        guard request.exitSignal <= UInt64(SignalSet.count) else { return failed(EINVAL) }
        if flags & CloneFlags.setTls != 0, request.tls >= 1 << 47 { return failed(EPERM) }
        var fork = ForkRequest()
        fork.stackPointer = request.stackPointer
        fork.exitSignal = Int32(request.exitSignal)
        fork.holdsParent = flags & CloneFlags.vfork != 0
        fork.sharesMemory = sharesMemory
        fork.clearsHandlers = flags & CloneFlags.clearSignalHandlers != 0
        if flags & CloneFlags.setTls != 0 { fork.tls = request.tls }
        if flags & CloneFlags.parentSetTid != 0 { fork.parentTid = request.parentTid }
        if flags & CloneFlags.childSetTid != 0 { fork.childTid = request.childTid }
        if flags & CloneFlags.childClearTid != 0 { fork.clearedTid = request.childTid }
        return ForkCalls.start(parent, fork)
    }

    private static func copyRegisters(from parent: GuestThread, to child: GuestThread) {
        let hostBase = child.context.pointee.host_fs_base
        // gregset_t's registers, FS and GS base lie in one run at the start.
        UnsafeMutableRawPointer(child.context).copyMemory(from: parent.context, byteCount: Int(CONTEXT_HOST_RSP))
        child.context.pointee.host_fs_base = hostBase
        child.context.pointee.resume_full = 1
        if !guest_context_has_gs(parent.context) { guest_context_release_gs(child.context) }
        UnsafeMutableRawPointer(guest_context_xsave_area(child.context)!).copyMemory(
            from: guest_context_xsave_area(parent.context)!, byteCount: Int(guest_xsave_bytes()))
    }

    static func exit(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        thread.kernel.releaseParent()
        thread.exitStatus = Int32(arguments.a & 0xff)
        thread.mustEnd.store(true, ordering: .releasing)
        guest_context_request_stop(thread.context)
        return 0
    }

    static func exitGroup(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        thread.kernel.releaseParent()
        thread.kernel.end(.exited(Int32(arguments.a & 0xff)))
        return 0
    }

    static func setTidAddress(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        thread.clearChildTid = arguments.a
        return Int(thread.tid)
    }

    static func setRobustList(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.b == 24 else { return failed(EINVAL) }
        thread.robustListHead = arguments.a
        return 0
    }

    static func getRobustList(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let tid = Int32(truncatingIfNeeded: arguments.a)
        guard let target = tid == 0 ? thread : thread.kernel.threads.find(tid: tid) else { return failed(ESRCH) }
        guard GuestAccess.store(target.robustListHead, at: arguments.b),
            GuestAccess.store(UInt64(24), at: arguments.c)
        else { return failed(EFAULT) }
        return 0
    }

    /// arch_prctl(2).
    static func archControl(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        switch arguments.a {
        case 0x1001, 0x1002:  // ARCH_SET_GS, ARCH_SET_FS
            guard arguments.b < 1 << 47 else { return failed(EPERM) }
            if arguments.a == 0x1002 {
                thread.context.pointee.fs_base = arguments.b
            } else {
                thread.context.pointee.gs_base = arguments.b
                thread.context.pointee.resume_full = 1
                // It may be 0, which it is as long as nobody looks.
                if arguments.b != 0 { thread.kernel.callSites.giveUp(thread) }
                if !thread.kernel.callSites.hasGS { guest_context_release_gs(thread.context) }
            }
            return 0
        case 0x1003:  // ARCH_GET_FS
            return GuestAccess.store(thread.context.pointee.fs_base, at: arguments.b) ? 0 : failed(EFAULT)
        case 0x1004:  // ARCH_GET_GS
            return GuestAccess.store(thread.context.pointee.gs_base, at: arguments.b) ? 0 : failed(EFAULT)
        default:
            return failed(EINVAL)
        }
    }

    static func getTid(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        Int(thread.tid)
    }

    static func yieldProcessor(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        hostCall(__NR_sched_yield)
    }
}
