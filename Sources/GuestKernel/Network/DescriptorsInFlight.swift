import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Descriptions that the guest has sent through Unix sockets, so that what comes back is the same
/// description again, with its status flags, its record and its locks, and not a second one.
///
/// At most `countMax` are remembered, the latest; what was forgotten is described anew when it arrives.
final class DescriptorsInFlight: Sendable {
    static let countMax = 256

    private struct Entry {
        /// Gone when the guest has closed it everywhere; a strong reference would keep the other
        /// end of a pipe from seeing its end.
        weak var file: FileDescription?
        /// An epoll set or the like cannot be described anew: it is kept, for as long as the guest has sockets.
        var kept: FileDescription?
        var kind: FileDescription.Kind
        var statusFlags: Int32
        var record: ObjectRecord
        var identity: HostIdentity
        /// Stays open on the mirror for as long as it may arrive.
        var volume: VolumeFile?
        var isUnreplicated: Bool
    }

    private let entries = Mutex<[Entry]>([])
    /// Whether something is kept.
    private let keepsAny = Atomic<Bool>(false)
    var mayKeep: Bool { keepsAny.load(ordering: .relaxed) }

    /// A file is about to be sent.
    func add(_ file: FileDescription) {
        BlockingMark.set(on: file)
        file.transfers.setForGood()
        guard let identity = HostIdentity(file.hostFD) else { return }
        let entry = Entry(
            file: file, kept: file.payload == nil ? nil : file, kind: file.kind,
            statusFlags: file.statusFlags.load(ordering: .relaxed), record: file.record.current,
            identity: identity, volume: file.volume, isUnreplicated: file.isUnreplicated)
        if entry.kept != nil { keepsAny.store(true, ordering: .relaxed) }
        // The last reference to a volume's file is recorded in the journal: without the lock.
        let forgotten = entries.withLock { entries in
            let before = entries
            entries.removeAll { $0.file === file }
            if entries.count >= DescriptorsInFlight.countMax { entries.removeFirst() }
            entries.append(entry)
            return before
        }
        withExtendedLifetime(forgotten) {}
    }

    /// Nothing is on its way any more.
    func forgetAll() {
        keepsAny.store(false, ordering: .relaxed)
        let forgotten = entries.withLock { entries in
            defer { entries = [] }
            return entries
        }
        withExtendedLifetime(forgotten) {}
    }

    /// The description for a received host descriptor, which it takes over; nil for one that the guest did not send.
    func take(_ hostFD: Int32) -> FileDescription? {
        guard let identity = HostIdentity(hostFD) else { return nil }
        let candidates = entries.withLock { $0.filter { $0.identity == identity } }
        for candidate in candidates {
            guard let file = candidate.file, HostIdentity.isSameDescription(hostFD, file.hostFD) else { continue }
            hostCall(__NR_close, UInt64(signed: hostFD))
            return file
        }
        guard let gone = candidates.last(where: { $0.file == nil }) else { return nil }
        let file = FileDescription(
            kind: gone.kind, hostFD: hostFD, statusFlags: gone.statusFlags, record: gone.record)
        file.volume = gone.volume
        file.isUnreplicated = gone.isUnreplicated
        // It may be on its way more than once.
        entries.withLock { entries in
            guard let index = entries.lastIndex(where: { $0.identity == identity && $0.file == nil }) else { return }
            entries[index].file = file
        }
        return file
    }
}

/// What a host descriptor refers to.
struct HostIdentity: Equatable {
    private var device: dev_t
    private var inode: ino_t
    /// Tells a pipe's ends apart.
    private var accessMode: Int32

    init?(_ hostFD: Int32) {
        var status = stat()
        guard fstat(hostFD, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
        accessMode = BlockingMark.hostFlags(hostFD) & O_ACCMODE
    }

    /// Whether two host descriptors share one open file description (kcmp(2), KCMP_FILE). A kernel
    /// without kcmp does not say: then they are taken for two.
    static func isSameDescription(_ one: Int32, _ other: Int32) -> Bool {
        let process = UInt64(hostCall(__NR_getpid))
        return hostCall(__NR_kcmp, process, process, 0, UInt64(signed: one), UInt64(signed: other)) == 0
    }
}

/// Says, on the description itself, whether the guest that made an object wants calls on it to block:
/// on the host all its objects are O_NONBLOCK. O_APPEND means nothing to pipes, sockets and their
/// like, travels with the description to other processes, and stands for "wants to block".
enum BlockingMark {
    static func set(on file: FileDescription) {
        switch file.kind {
        case .pipe, .socket, .event, .timer: break
        case .regular, .directory, .device, .terminal, .epoll, .signal, .synthetic, .lost: return
        }
        let flags = hostFlags(file.hostFD)
        guard flags >= 0, flags & O_NONBLOCK != 0 else { return }
        let wanted = file.isBlocking ? flags | O_APPEND : flags & ~O_APPEND
        if wanted == flags { return }
        hostCall(__NR_fcntl, UInt64(signed: file.hostFD), UInt64(F_SETFL), UInt64(signed: wanted))
    }

    /// The status flags that the guest is to see for host flags.
    static func guestFlags(_ hostFlags: Int32) -> Int32 {
        let isMarked = hostFlags & O_NONBLOCK != 0 && hostFlags & O_APPEND != 0
        return isMarked ? hostFlags & ~(O_NONBLOCK | O_APPEND) : hostFlags
    }

    static func hostFlags(_ hostFD: Int32) -> Int32 {
        Int32(truncatingIfNeeded: hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_GETFL)))
    }
}
