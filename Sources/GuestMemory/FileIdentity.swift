/// Which file stands behind a mapping, as /proc/self/maps shows it and as the mirror's records name it.
///
/// Two mappings are of one file where all parts agree. The path is the one the guest's mapping was made through;
/// a rename afterwards does not change it.
public struct FileIdentity: Equatable, Hashable, Sendable {
    /// The device that holds the file: st_dev of fstat(2).
    public let device: UInt64

    /// The file's inode number on that device: st_ino of fstat(2).
    public let inode: UInt64

    /// The file's path as the guest sees it.
    public let path: String

    /// What the mirror knows its own copy by where the file is in a replicated volume; 0 for any other.
    public let volumeHandle: UInt64

    /// The memory object that the file is while there is a mirror, which has one with the same bytes; 0 for any other.
    public var memoryObject: UInt64 = 0

    public init(device: UInt64, inode: UInt64, path: String, volumeHandle: UInt64 = 0) {
        self.device = device
        self.inode = inode
        self.path = path
        self.volumeHandle = volumeHandle
    }

    /// What tells it from other files of this host.
    public var number: FileNumber { FileNumber(device: device, inode: inode) }
}
