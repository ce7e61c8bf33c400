import CGuestEntry
import Glibc
import GuestMemory

/// Who the guest is. Its pid is the supervisor's at the start, and stays what it is in a mirror.
public final class GuestIdentity: Sendable {
    public let pid: Int32
    public let parentPid: Int32
    public let processGroup: Int32
    public let session: Int32
    /// The supervisor's own pid: the same as `pid` until a takeover.
    public let hostPid: Int32

    init() {
        hostPid = Int32(hostCall(__NR_getpid))
        pid = hostPid
        parentPid = Int32(hostCall(__NR_getppid))
        processGroup = Int32(hostCall(__NR_getpgid, 0))
        session = Int32(hostCall(__NR_getsid, 0))
    }

    /// A signal that the guest sends to itself.
    func sentSignal(_ signal: Int32, code: Int32) -> SignalInfo {
        .sent(signal: signal, code: code, pid: pid, uid: UInt32(hostCall(__NR_getuid)))
    }
}
