import CGuestEntry
import Glibc
import Synchronization
import Volumes

/// An open file that a child has from its parent, as plain values.
///
/// The child has a description of its own for it: the parent's may be referred to by threads that are not in the
/// child, so that it would never be closed there.
struct InheritedFile: Sendable {
    private let identity: UInt64
    private let kind: FileDescription.Kind
    private let hostFD: Int32
    private let statusFlags: Int32
    private let hasTimeouts: Bool
    private let record: ObjectRecord
    private let payload: (any AnyObject & Sendable)?
    /// The file of a volume that it is.
    let volumeHandle: FileOperation.Handle?
    private let isUnreplicated: Bool

    init(_ file: FileDescription) {
        identity = file.identity
        kind = file.kind
        hostFD = file.hostFD
        statusFlags = file.statusFlags.load(ordering: .relaxed)
        hasTimeouts = file.hasTimeouts.load(ordering: .relaxed)
        record = file.record.current
        payload = (file.payload as? EpollSet).map(EpollSet.init(copying:)) ?? file.payload
        volumeHandle = file.volume?.handle
        isUnreplicated = file.isUnreplicated
    }

    /// In the child.
    ///
    /// What its parent's epolls watch is not the child's to take out of them when it closes it, and not the child's
    /// registrations either: they are the host's, and stay for as long as anybody has the file open (epoll(7), "Q6").
    /// `volumeFiles` has the files of volumes that were made for others.
    func description(
        _ kernel: GuestKernel, _ volumeFiles: inout [FileOperation.Handle: VolumeFile]
    ) -> FileDescription {
        let watched = (payload as? WatchedSignals)?.moved(to: kernel, hostFD)
        let file = FileDescription(
            kind: kind, hostFD: hostFD, statusFlags: statusFlags, record: record, payload: watched ?? payload,
            identity: identity)
        file.hasTimeouts.store(hasTimeouts, ordering: .relaxed)
        file.isUnreplicated = isUnreplicated
        if let volumeHandle, let journal = kernel.volumes {
            let volume = volumeFiles[volumeHandle] ?? VolumeFile(volumeHandle, journal)
            volumeFiles[volumeHandle] = volume
            file.volume = volume
        }
        return file
    }
}
