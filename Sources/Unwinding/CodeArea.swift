/// A run of executable memory that is of one piece: what one mapping of a file shows, or memory that is no file's.
public struct CodeArea: Equatable, Sendable {
    public let start: UInt64
    public let end: UInt64
    /// Bytes into the file at `start`.
    public let fileOffset: UInt64
    /// Which file it is, as fstat(2) says; both zero for none.
    public let device: UInt64
    public let inode: UInt64

    public init(start: UInt64, end: UInt64, fileOffset: UInt64, device: UInt64, inode: UInt64) {
        self.start = start
        self.end = end
        self.fileOffset = fileOffset
        self.device = device
        self.inode = inode
    }

    public var isOfFile: Bool { device != 0 || inode != 0 }

    public func contains(_ address: UInt64) -> Bool { address >= start && address < end }

    /// Where in the file an address of the area is.
    public func fileOffset(of address: UInt64) -> UInt64 { address &- start &+ fileOffset }
}
