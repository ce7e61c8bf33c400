import CGuestEntry
import Glibc

/// The files behind the guest's private mappings, held open in the mirror so that they cannot go away before the
/// takeover.
struct MirrorFiles {
    private var descriptors: [FileIdentity: HostDescriptor] = [:]

    /// The files that a layout's private mappings need; those that are open already are kept.
    func opening(_ record: MemoryLayoutRecord) throws(MirrorMemoryError) -> MirrorFiles {
        var next = MirrorFiles()
        for area in record.areas {
            guard case .privateFile(let file, _, isHostMapped: true) = area.kind else { continue }
            if next.descriptors[file] != nil { continue }
            if let descriptor = descriptors[file] {
                next.descriptors[file] = descriptor
            } else {
                let descriptor = try Self.open(file, flags: O_RDONLY)
                try Self.check(descriptor, file, byteCount: record.fileByteCounts[file])
                next.descriptors[file] = descriptor
            }
        }
        return next
    }

    func descriptor(of file: FileIdentity) -> HostDescriptor? {
        descriptors[file]
    }

    /// Opens the mirror's file of the same path.
    static func open(_ file: FileIdentity, flags: Int32) throws(MirrorMemoryError) -> HostDescriptor {
        let opened = Glibc.open(file.path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard opened >= 0 else {
            throw MirrorMemoryError(
                "\(file.path), which the guest has mapped, cannot be opened on the mirror", errno: errno)
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
