/// Something that the guest did to the files of its volumes, as the mirror does it again (docs/format.md).
///
/// Operations are recorded in the order in which they took effect on the primary, after they have succeeded there, with
/// their outcome instead of their wish: an append is a write at the offset that it went to, a copy is the bytes that
/// were copied. So that applying them in order to the same start comes to the same end.
public enum FileOperation: Equatable, Sendable {
    /// A file that is open in the guest, and in the mirror as well: it stays reachable when it is renamed or removed.
    /// The number is the identity of the guest's open file description.
    public typealias Handle = UInt64

    /// What an operation is about.
    public enum Target: Equatable, Sendable {
        case handle(Handle)
        /// A symbolic link in the last place is meant itself.
        case path(VolumePath)
    }

    /// Who may do what with a new file: the outcome, after the umask and what the directory hands down.
    public struct Ownership: Equatable, Sendable {
        /// Permission bits (07777).
        public var mode: UInt32
        public var user: UInt32
        public var group: UInt32

        public init(mode: UInt32, user: UInt32, group: UInt32) {
            self.mode = mode
            self.user = user
            self.group = group
        }
    }

    /// Nanoseconds since 1970, UTC.
    public struct Times: Equatable, Sendable {
        public var accessNanoseconds: Int64
        public var modificationNanoseconds: Int64

        public init(accessNanoseconds: Int64, modificationNanoseconds: Int64) {
            self.accessNanoseconds = accessNanoseconds
            self.modificationNanoseconds = modificationNanoseconds
        }
    }

    // Names.
    /// A regular file that was not there before.
    case createFile(VolumePath, Ownership)
    case makeDirectory(VolumePath, Ownership)
    case makeSymbolicLink(VolumePath, target: [UInt8], Ownership)
    /// A FIFO, socket or device: `kind` is the S_IFMT part of its mode.
    case makeNode(VolumePath, kind: UInt32, device: UInt64, Ownership)
    case link(Target, VolumePath)
    /// `flags` as renameat2(2) has them: RENAME_NOREPLACE, RENAME_EXCHANGE or RENAME_WHITEOUT.
    case rename(VolumePath, VolumePath, flags: UInt32)
    case removeFile(VolumePath)
    case removeDirectory(VolumePath)

    // Open files.
    case open(Handle, VolumePath)
    /// A file without a name (O_TMPFILE) in a volume, which may be given one unless O_EXCL said otherwise.
    case openNameless(Handle, volume: UInt16, Ownership, mayBeLinked: Bool)
    case close(Handle)

    // Contents.
    case write(Target, offset: UInt64, [UInt8])
    case truncate(Target, byteCount: UInt64)
    /// fallocate(2), with its mode.
    case allocate(Target, mode: UInt32, offset: UInt64, byteCount: UInt64)

    // What is known about a file.
    case setMode(Target, UInt32)
    case setOwner(Target, user: UInt32, group: UInt32)
    case setTimes(Target, Times)
    case setAttribute(Target, name: [UInt8], value: [UInt8])
    case removeAttribute(Target, name: [UInt8])
    /// Inode flags as FS_IOC_SETFLAGS has them.
    case setFlags(Target, UInt32)

    /// The guest has made sure that what it did before is on the disk (fsync, sync): with `--durable` the mirror does
    /// so too before it acknowledges the epoch. No operation is moved past it.
    case synchronise
}

extension FileOperation {
    /// How many bytes its names, contents and values have.
    public var variableByteCount: Int {
        switch self {
        case .createFile(let path, _), .makeDirectory(let path, _), .makeNode(let path, _, _, _), .removeFile(let path),
            .removeDirectory(let path), .open(_, let path), .link(.handle, let path):
            return path.relative.count
        case .makeSymbolicLink(let path, let bytes, _): return path.relative.count + bytes.count
        case .link(.path(let one), let other), .rename(let one, let other, _):
            return one.relative.count + other.relative.count
        case .write(let target, _, let bytes), .removeAttribute(let target, let bytes):
            return target.byteCount + bytes.count
        case .setAttribute(let target, let name, let value): return target.byteCount + name.count + value.count
        case .truncate(let target, _), .allocate(let target, _, _, _), .setMode(let target, _),
            .setOwner(let target, _, _), .setTimes(let target, _), .setFlags(let target, _):
            return target.byteCount
        case .openNameless, .close, .synchronise: return 0
        }
    }
}

extension FileOperation.Target {
    fileprivate var byteCount: Int {
        if case .path(let path) = self { return path.relative.count }
        return 0
    }
}
