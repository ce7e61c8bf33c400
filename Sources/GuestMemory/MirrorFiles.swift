import CGuestEntry
import Glibc

/// The files behind the guest's mappings, held open in the mirror so that they cannot go away before the takeover.
struct MirrorFiles {
    /// One file may be mapped in several ways, each of which needs a descriptor of its own.
    private struct Use: Hashable {
        var file: FileIdentity
        var isShared: Bool
        var isWritable: Bool

        /// How an area uses a file, or nil where nothing of a file stands behind it any more, and for a volume's or a
        /// memory object: the mirror has those open already, and they may come with this very epoch.
        init?(_ kind: VirtualMemoryArea.Kind) {
            switch kind {
            case .privateFile(let file, _, isHostMapped: true):
                (self.file, isShared, isWritable) = (file, false, false)
            case .sharedFile(let file, _, let isWritable):
                (self.file, isShared, self.isWritable) = (file, true, isWritable)
            default: return nil
            }
            if file.volumeHandle != 0 || file.memoryObject != 0 { return nil }
        }
    }

    private var descriptors: [Use: HostDescriptor] = [:]

    /// The files that a layout needs; those that are open already are kept.
    func opening(_ record: MemoryLayoutRecord) throws(MirrorMemoryError) -> MirrorFiles {
        var next = MirrorFiles()
        for area in record.areas {
            guard let use = Use(area.kind), next.descriptors[use] == nil else { continue }
            if let descriptor = descriptors[use] {
                next.descriptors[use] = descriptor
                continue
            }
            let descriptor = try Self.open(use)
            // A shared file is whatever is there: others write to it as well.
            if !use.isShared { try Self.check(descriptor, use.file, byteCount: record.fileByteCounts[use.file]) }
            next.descriptors[use] = descriptor
        }
        return next
    }

    /// The descriptor for an area of the layout.
    func descriptor(for kind: VirtualMemoryArea.Kind) -> HostDescriptor? {
        Use(kind).flatMap { descriptors[$0] }
    }

    /// Opens the mirror's file of the same path.
    private static func open(_ use: Use) throws(MirrorMemoryError) -> HostDescriptor {
        let access = use.isWritable ? O_RDWR : O_RDONLY
        let opened = Glibc.open(use.file.path, access | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard opened >= 0 else {
            throw MirrorMemoryError(
                "\(use.file.path), which the guest has mapped, cannot be opened on the mirror", errno: errno)
        }
        return HostDescriptor(opened)
    }

    /// A file is the guest's where it is the very same (device and inode), or, on another machine, where it has the
    /// same size.
    private static func check(
        _ descriptor: HostDescriptor, _ file: FileIdentity, byteCount: UInt64?
    ) throws(MirrorMemoryError) {
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else {
            throw MirrorMemoryError("\(file.path) cannot be looked at on the mirror", errno: errno)
        }
        if file.isDescribed(by: status) || byteCount == UInt64(max(0, status.st_size)) { return }
        throw MirrorMemoryError(
            "\(file.path) on the mirror is not the file that the guest has mapped; put the same one there")
    }
}
