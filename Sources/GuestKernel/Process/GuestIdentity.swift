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
    private let group: NumberOnHost
    private let sessionLeader: NumberOnHost
    /// The parent is the guest's own, and this is its supervisor's pid; nil for a parent outside.
    private let parentHostPid: Int32?
    /// The guest's first process, which has another number on the host since a takeover.
    private let first: (pid: Int32, hostPid: Int32)

    /// What a child has to know of its parent.
    struct Parent: Sendable {
        let pid: Int32
        let hostPid: Int32
        let processGroup: Int32
        let session: Int32
        let attributes: ProcessAttributes
        let first: (pid: Int32, hostPid: Int32)
    }

    /// A guest that starts is what the supervisor is.
    init() {
        hostPid = Int32(hostCall(__NR_getpid))
        pid = hostPid
        parentPid = Int32(hostCall(__NR_getppid))
        parentHostPid = nil
        first = (pid, hostPid)
        group = NumberOnHost(GuestIdentity.hostGroup)
        sessionLeader = NumberOnHost(GuestIdentity.hostSession)
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
        parentHostPid = nil
        first = (pid, hostPid)
        group = NumberOnHost(GuestIdentity.hostGroup, guest: record.processGroup)
        sessionLeader = NumberOnHost(GuestIdentity.hostSession, guest: record.session)
        attributes.withLock { $0 = record.attributes }
        hostCall(__NR_umask, UInt64(record.attributes.fileMask))
    }

    /// In a child, whose pid is the forked process's.
    init(childOf parent: Parent) {
        hostPid = Int32(hostCall(__NR_getpid))
        pid = hostPid
        parentPid = parent.pid
        parentHostPid = parent.hostPid
        first = parent.first
        group = NumberOnHost(GuestIdentity.hostGroup, guest: parent.processGroup)
        sessionLeader = NumberOnHost(GuestIdentity.hostSession, guest: parent.session)
        attributes.withLock { attributes in
            attributes = parent.attributes
            attributes.deathSignal = 0
        }
    }

    var asParent: Parent {
        Parent(
            pid: pid, hostPid: hostPid, processGroup: processGroup, session: session,
            attributes: attributes.withLock { $0 }, first: first)
    }

    /// What the host calls a process that the guest names. All but the first have the same number.
    func hostPid(of pid: Int32) -> Int32 { pid == first.pid ? first.hostPid : pid }

    /// What the guest calls a process that the host names.
    public func guestPid(of hostPid: Int32) -> Int32 { hostPid == first.hostPid ? first.pid : hostPid }

    /// Whether another guest process has started this one.
    var isChild: Bool { parentHostPid != nil }

    /// Another process's after the parent has ended.
    var currentParentPid: Int32 {
        guard let parentHostPid else { return parentPid }
        let now = Int32(hostCall(__NR_getppid))
        return now == parentHostPid ? parentPid : now
    }

    // A parent may change a child's group, and a child its own.
    public var processGroup: Int32 { group.number(on: GuestIdentity.hostGroup) }
    public var session: Int32 { sessionLeader.number(on: GuestIdentity.hostSession) }

    /// Another process's, both as the guest knows them; a negative errno where there is no such process.
    func processGroup(of pid: Int32) -> Int32 {
        group.number(on: Int32(hostCall(__NR_getpgid, UInt64(signed: hostPid(of: pid)))))
    }

    func session(of pid: Int32) -> Int32 {
        sessionLeader.number(on: Int32(hostCall(__NR_getsid, UInt64(signed: hostPid(of: pid)))))
    }

    func setProcessGroup(_ processGroup: Int32) {
        group.set(GuestIdentity.hostGroup, guest: processGroup)
    }

    func setSession(_ session: Int32) {
        sessionLeader.set(GuestIdentity.hostSession, guest: session)
    }

    private static var hostGroup: Int32 { Int32(hostCall(__NR_getpgid, 0)) }
    private static var hostSession: Int32 { Int32(hostCall(__NR_getsid, 0)) }

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
    /// PR_SET_PDEATHSIG, which the host has as well where the parent is outside. In no record: the parent of a guest
    /// that goes on is another.
    var deathSignal: Int32 = 0
    /// umask(2), which the host has as well.
    var fileMask: UInt32 = 0o22
}

/// The number of a group or session: the host's, but for one that has another there since a takeover.
private struct NumberOnHost: ~Copyable, Sendable {
    /// The host's number in the lower half, the guest's in the upper.
    private let pair: Atomic<UInt64>

    init(_ host: Int32, guest: Int32? = nil) {
        pair = Atomic(NumberOnHost.pack(host, guest ?? host))
    }

    func set(_ host: Int32, guest: Int32) {
        pair.store(NumberOnHost.pack(host, guest), ordering: .relaxed)
    }

    func number(on host: Int32) -> Int32 {
        let pair = pair.load(ordering: .relaxed)
        return UInt32(bitPattern: host) == UInt32(truncatingIfNeeded: pair)
            ? Int32(truncatingIfNeeded: pair >> 32) : host
    }

    private static func pack(_ host: Int32, _ guest: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: guest)) << 32 | UInt64(UInt32(bitPattern: host))
    }
}
