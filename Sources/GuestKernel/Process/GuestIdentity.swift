import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Who the guest is. Its pid is the supervisor's at the start, and stays what it is in a mirror.
public final class GuestIdentity: Sendable {
    public let pid: Int32
    public let parentPid: Int32
    /// The supervisor's own pid: the same as `pid` until a takeover.
    public let hostPid: Int32
    /// What the guest has set of itself and the host is not told.
    let attributes = Mutex(ProcessAttributes())
    private let group: Atomic<Int32>
    private let sessionLeader: Atomic<Int32>

    /// A guest that starts is what the supervisor is.
    init() {
        hostPid = Int32(hostCall(__NR_getpid))
        pid = hostPid
        parentPid = Int32(hostCall(__NR_getppid))
        group = Atomic(Int32(hostCall(__NR_getpgid, 0)))
        sessionLeader = Atomic(Int32(hostCall(__NR_getsid, 0)))
        // Reading it is setting it (umask(2)).
        let mask = hostCall(__NR_umask, 0)
        hostCall(__NR_umask, UInt64(mask))
        attributes.withLock { $0.fileMask = UInt32(mask) }
    }

    /// A guest that goes on is what it was; the mask of new files' permissions alone is the host's to keep.
    init(from record: ProcessRecord) {
        hostPid = Int32(hostCall(__NR_getpid))
        pid = record.pid
        parentPid = record.parentPid
        group = Atomic(record.processGroup)
        sessionLeader = Atomic(record.session)
        attributes.withLock { $0 = record.attributes }
        hostCall(__NR_umask, UInt64(record.attributes.fileMask))
    }

    public var processGroup: Int32 { group.load(ordering: .relaxed) }
    public var session: Int32 { sessionLeader.load(ordering: .relaxed) }

    func setProcessGroup(_ processGroup: Int32) {
        group.store(processGroup, ordering: .relaxed)
    }

    func setSession(_ session: Int32) {
        sessionLeader.store(session, ordering: .relaxed)
    }

    /// A signal that the guest sends to itself.
    func sentSignal(_ signal: Int32, code: Int32) -> SignalInfo {
        .sent(signal: signal, code: code, pid: pid, uid: UInt32(hostCall(__NR_getuid)))
    }
}

/// Attributes of the process that are only recorded; the supervisor's own stay as they are, but for `fileMask`.
struct ProcessAttributes: Sendable, BitwiseCopyable, Equatable {
    /// PR_SET_DUMPABLE. The host's would take /proc/self away from the supervisor.
    var dumpable: Int32 = 1
    /// PR_SET_NO_NEW_PRIVS, which dispatch by seccomp sets on the host without being asked.
    var hasNoNewPrivileges = false
    var isChildSubreaper = false
    /// umask(2), which the host has as well.
    var fileMask: UInt32 = 0o22
}
