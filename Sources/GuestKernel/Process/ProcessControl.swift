import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// prctl(2). What belongs to a task is passed on for the calling thread's host thread; what would
/// change how the supervisor is seen is recorded; what is not known is EINVAL.
enum ProcessControl {
    // include/uapi/linux/prctl.h
    private enum Option {
        static let setDeathSignal: Int32 = 1
        static let getDeathSignal: Int32 = 2
        static let getDumpable: Int32 = 3
        static let setDumpable: Int32 = 4
        static let getKeepCapabilities: Int32 = 7
        static let setKeepCapabilities: Int32 = 8
        static let getTiming: Int32 = 13
        static let setTiming: Int32 = 14
        static let setName: Int32 = 15
        static let getName: Int32 = 16
        static let getEndian: Int32 = 19
        static let getSeccomp: Int32 = 21
        static let readBoundingSet: Int32 = 23
        static let dropBoundingSet: Int32 = 24
        static let getTimestampCounter: Int32 = 25
        static let getSecureBits: Int32 = 27
        static let setSecureBits: Int32 = 28
        static let setTimerSlack: Int32 = 29
        static let getTimerSlack: Int32 = 30
        static let setChildSubreaper: Int32 = 36
        static let getChildSubreaper: Int32 = 37
        static let setNoNewPrivileges: Int32 = 38
        static let getNoNewPrivileges: Int32 = 39
        static let getTidAddress: Int32 = 40
        static let setHugePageDisable: Int32 = 41
        static let getHugePageDisable: Int32 = 42
        static let ambientCapabilities: Int32 = 47
        static let getAuxiliaryVector: Int32 = 0x4155_5856
        static let setMemoryName: Int32 = 0x5356_4d41
    }

    static func control(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        switch Int32(truncatingIfNeeded: arguments.a) {
        case Option.setName: return setName(thread, at: arguments.b)
        case Option.getName: return getName(thread, at: arguments.b)
        case Option.setDeathSignal: return setDeathSignal(thread, arguments.b)
        case Option.getDeathSignal:
            let signal = thread.kernel.identity.attributes.withLock { $0.deathSignal }
            return GuestAccess.store(signal, at: arguments.b) ? 0 : failed(EFAULT)
        case Option.getKeepCapabilities, Option.setKeepCapabilities, Option.readBoundingSet,
            Option.dropBoundingSet, Option.getSecureBits, Option.setSecureBits, Option.setTimerSlack,
            Option.getTimerSlack, Option.setHugePageDisable, Option.getHugePageDisable, Option.ambientCapabilities,
            Option.setTiming, Option.getTiming:
            // Numbers only.
            return hostCall(
                __NR_prctl, arguments.a, arguments.b, arguments.c, arguments.d, arguments.e)
        case Option.getTimestampCounter:
            guard arguments.b < GuestLayout.arenaEnd else { return failed(EFAULT) }
            return thread.opening(arguments.b) { hostCall(__NR_prctl, arguments.a, arguments.b) }
        case Option.getTidAddress:
            return GuestAccess.store(thread.clearChildTid, at: arguments.b) ? 0 : failed(EFAULT)
        case Option.getSeccomp:
            // A guest has no filter; that of dispatch by seccomp is not its own.
            return 0
        case Option.getAuxiliaryVector: return getAuxiliaryVector(thread, arguments)
        case Option.setMemoryName: return setMemoryName(thread, arguments)
        default: return recorded(thread, arguments)
        }
    }

    /// personality(2): the guest's is PER_LINUX, without flags.
    static func personality(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let wanted = UInt32(truncatingIfNeeded: arguments.a)
        return wanted == 0xffff_ffff || wanted == 0 ? 0 : failed(EINVAL)
    }

    /// umask(2): the host applies it, and a mirror will have to.
    static func setFileMask(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let old = hostCall(__NR_umask, arguments.a)
        thread.kernel.identity.attributes.withLock { $0.fileMask = UInt32(arguments.a & 0o777) }
        return old
    }

    /// A child's is not the host's affair: that would send it when a thread of the parent's supervisor ends, and forget
    /// it with the thread that has set it, both of which execve does here. See `parentEnded`.
    private static func setDeathSignal(_ thread: GuestThread, _ signal: UInt64) -> Int {
        guard signal <= UInt64(SignalSet.count) else { return failed(EINVAL) }
        let identity = thread.kernel.identity
        identity.attributes.withLock { $0.deathSignal = Int32(signal) }
        return identity.isChild ? 0 : hostCall(__NR_prctl, UInt64(Option.setDeathSignal), signal)
    }

    /// For the host thread of a program that takes another's place.
    fileprivate static func takeOverDeathSignal(_ identity: GuestIdentity) {
        let signal = identity.attributes.withLock { $0.deathSignal }
        if signal == 0 || identity.isChild { return }
        hostCall(__NR_prctl, UInt64(Option.setDeathSignal), UInt64(signal))
    }

    // MARK: - Recorded only

    private static func recorded(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let isRestZero = arguments.c | arguments.d | arguments.e == 0
        switch Int32(truncatingIfNeeded: arguments.a) {
        case Option.getDumpable:
            return Int(thread.kernel.identity.attributes.withLock { $0.dumpable })
        case Option.setDumpable:
            guard arguments.b <= 1 else { return failed(EINVAL) }
            thread.kernel.identity.attributes.withLock { $0.dumpable = Int32(arguments.b) }
            return 0
        case Option.setNoNewPrivileges:
            guard arguments.b == 1, isRestZero else { return failed(EINVAL) }
            thread.kernel.identity.attributes.withLock { $0.hasNoNewPrivileges = true }
            return 0
        case Option.getNoNewPrivileges:
            guard arguments.b == 0, isRestZero else { return failed(EINVAL) }
            return thread.kernel.identity.attributes.withLock { $0.hasNoNewPrivileges } ? 1 : 0
        case Option.setChildSubreaper:
            thread.kernel.identity.attributes.withLock { $0.isChildSubreaper = arguments.b != 0 }
            return 0
        case Option.getChildSubreaper:
            let isSet = thread.kernel.identity.attributes.withLock { $0.isChildSubreaper }
            return GuestAccess.store(Int32(isSet ? 1 : 0), at: arguments.b) ? 0 : failed(EFAULT)
        default:
            return failed(EINVAL)
        }
    }

    // MARK: - Names

    private static let nameByteCount = 16

    private static func setName(_ thread: GuestThread, at address: UInt64) -> Int {
        let name: [UInt8]
        do {
            name = try GuestAccess.string(at: address, limit: nameByteCount)
        } catch .tooLong {
            guard let start = GuestAccess.loadArray(UInt8.self, at: address, count: nameByteCount - 1) else {
                return failed(EFAULT)
            }
            name = start
        } catch {
            return failed(EFAULT)
        }
        thread.name = name
        return thread.nameHostThread()
    }

    /// Calls the calling host thread by a name that is padded with zero bytes.
    fileprivate static func nameHostThread(_ name: [UInt8]) -> Int {
        let padded = name + [UInt8](repeating: 0, count: nameByteCount - name.count)
        return hostCall(__NR_prctl, UInt64(Option.setName), UInt64(address: padded))
    }

    private static func getName(_ thread: GuestThread, at address: UInt64) -> Int {
        let padded = thread.name + [UInt8](repeating: 0, count: nameByteCount - thread.name.count)
        return GuestAccess.storeArray(padded, at: address) ? 0 : failed(EFAULT)
    }

    /// PR_SET_VMA_ANON_NAME: the name that /proc/self/maps shows for memory without a file.
    private static func setMemoryName(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.b == 0, arguments.c & 4095 == 0 else { return failed(EINVAL) }
        if arguments.e == 0 {
            return thread.kernel.memory.setName(nil, arguments.c, byteCount: arguments.d)
        }
        // ANON_VMA_NAME_MAX_LEN, and what is_valid_name_char refuses, in kernel/sys.c.
        guard let name = try? GuestAccess.string(at: arguments.e, limit: 80) else { return failed(EFAULT) }
        let isPlain = name.allSatisfy { byte in
            byte > 0x1f && byte < 0x7f && !"\\`$[]".utf8.contains(byte)
        }
        guard isPlain else { return failed(EINVAL) }
        return thread.kernel.memory.setName(
            String(decoding: name, as: UTF8.self), arguments.c, byteCount: arguments.d)
    }

    private static func getAuxiliaryVector(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.d | arguments.e == 0 else { return failed(EINVAL) }
        let vector = thread.kernel.program.auxiliaryVector
        let count = min(vector.count, Int(min(arguments.c, UInt64(vector.count))))
        let isStored = vector.withUnsafeBytes { bytes in
            count == 0 || GuestAccess.copyOut(to: arguments.b, bytes.baseAddress!, count: count)
        }
        return isStored ? vector.count : failed(EFAULT)
    }
}

extension GuestThread {
    /// After execve, which keeps what the parent's end is told by (PR_SET_PDEATHSIG).
    func takeOverDeathSignal() {
        ProcessControl.takeOverDeathSignal(kernel.identity)
    }

    /// Calls the host thread, which is the calling one, as the guest's is called, for ps and gdb.
    @discardableResult
    func nameHostThread() -> Int {
        ProcessControl.nameHostThread(name)
    }
}
