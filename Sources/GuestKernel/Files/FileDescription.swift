import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// An open file description: what guest descriptors refer to, shared by those that were dup'ed.
///
/// Behind each lies one host descriptor, closed when the last reference goes (a call in progress
/// holds one, as the kernel's fget does). Objects that the guest made are O_NONBLOCK on the host;
/// whether the *guest* wants to block is `statusFlags`.
public final class FileDescription: @unchecked Sendable {
    // Sound as unchecked: `payload`, `hold`, `volume` and `isUnreplicated` are set once, before the description enters
    // the table, and `checkpoint` belongs to whoever makes one, with the guest stopped.
    public enum Kind: UInt8, Sendable {
        case regular, directory, device, terminal, pipe, socket, epoll, event, timer, signal, synthetic
        /// Could not be had again at a takeover (`LostFile`).
        case lost
    }

    /// A serial number that no other description of the guest's ever has, in its mirrors either.
    public let identity: UInt64
    public let kind: Kind
    public let hostFD: Int32
    /// The guest's O_* flags as F_GETFL shows them: access mode and status flags.
    public let statusFlags: Atomic<Int32>
    /// Whom it tells by a signal that it is ready.
    let signals = Mutex(DescriptorSignals())
    /// Set once the guest has given a socket SO_RCVTIMEO or SO_SNDTIMEO, which its record holds.
    let hasTimeouts = Atomic<Bool>(false)
    /// What rebuilds the object; kept true by whoever changes the object.
    let record: RecordCell
    /// What the kind needs beyond a host descriptor: an epoll set, a signal watcher.
    let payload: (any AnyObject & Sendable)?
    /// The epoll sets that watch it; each holds it weakly and is told of its end.
    let registrations = Mutex<[EpollRegistration]>([])
    /// Where what the guest writes waits for its commit; nil for what nobody outside sees, and without a mirror.
    var hold: HeldStream?
    /// Where what is done to it is recorded; nil for what is no file of a volume, and without a mirror.
    var volume: VolumeFile?
    /// Whether it is a file that the outside sees and no mirror has a copy of, open for writing while there is one.
    var isUnreplicated = false
    /// What a checkpoint knows about it; see `FileDescription+Checkpoint`.
    let transfers = TransferMark()
    var checkpoint = DescriptionCheckpoint()
    /// A mirror on this machine has been given the host descriptor.
    let isHanded = Atomic<Bool>(false)
    /// After a takeover: a listener whose name is not to be had yet, or is being changed.
    let isBindingLate = Atomic<Bool>(false)

    /// Whether a child may have the host's open files as well: from then on none is gone when it is closed here.
    static let areShared = Atomic<Bool>(false)

    private static let lastIdentity = Atomic<UInt64>(0)

    /// The next identity.
    static func nextIdentity() -> UInt64 {
        lastIdentity.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// No identity up to this one is given out from here on: descriptions from records have them.
    static func raiseIdentities(above identity: UInt64) {
        lastIdentity.max(identity, ordering: .relaxed)
    }

    init(
        kind: Kind, hostFD: Int32, statusFlags: Int32, record: ObjectRecord,
        payload: (any AnyObject & Sendable)? = nil, identity: UInt64 = FileDescription.nextIdentity()
    ) {
        self.identity = identity
        self.kind = kind
        self.hostFD = hostFD
        self.statusFlags = Atomic(statusFlags)
        self.record = RecordCell(record)
        self.payload = payload
    }

    deinit {
        if let volume { volume.journal.noteClosing(volume.handle, hostFD) }
        if let payload { (payload as? any ClosingPayload)?.descriptionCloses() }
        let leaving = hold?.leave(hostFD)
        let isKept = leaving?.isKept ?? false
        closeRegistrations(isHostFileKept: isKept || FileDescription.areShared.load(ordering: .relaxed))
        let isHanded = isHanded.load(ordering: .relaxed) && !transfers.isForGood
        if isHanded { HandedDescriptors.giveUpLocks(self) }
        if leaving?.isToBeClosed == true { hold?.putClose(isShutFirst: isHanded && kind == .socket) }
        if isKept { return }
        if kind == .socket {
            HostSockets.close(hostFD)
        } else {
            hostCall(__NR_close, UInt64(signed: hostFD))
        }
    }

    /// Its own, and the duplicates that epolls know it by.
    var hostDescriptors: [Int32] {
        registrations.withLock { registrations in registrations.map(\.hostFD) } + [hostFD]
    }

    /// What rebuilds the object as it is now: an epoll's interests live in its set.
    var currentRecord: ObjectRecord {
        if let set = EpollCalls.set(of: self) { return .epoll(set.record) }
        return record.current
    }

    /// Whether the guest wants calls on it to block.
    var isBlocking: Bool {
        statusFlags.load(ordering: .relaxed) & O_NONBLOCK == 0
    }

    /// Whether a read or write may have to wait for somebody else.
    var mayWait: Bool {
        switch kind {
        case .regular, .directory, .synthetic, .device: return false
        case .terminal, .pipe, .socket, .epoll, .event, .timer, .signal, .lost: return true
        }
    }

    func setStatusFlag(_ flag: Int32, _ isSet: Bool) {
        if isSet {
            statusFlags.bitwiseOr(flag, ordering: .relaxed)
        } else {
            statusFlags.bitwiseAnd(~flag, ordering: .relaxed)
        }
    }

    /// The path it was opened by, for /proc/self/fd and relative paths.
    var openedPath: [UInt8]? {
        record.withLock { record in
            switch record {
            case .file(let file): return file.path
            case .synthetic(let synthetic): return synthetic.path
            default: return nil
            }
        }
    }
}
