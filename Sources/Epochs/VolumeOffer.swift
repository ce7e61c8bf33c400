import RecordCoding

/// A directory whose files are replicated, as a primary names it.
public struct VolumeOffer: Equatable, Sendable {
    /// Where the guest knows it: absolute, without symbolic links, ".", ".." or a trailing slash.
    public var guestPath: String
    /// Which directory that is, for a mirror on the same machine: it must not be the mirror's own.
    public var device: UInt64
    public var inode: UInt64

    /// More than anybody names on a command line.
    static let countMax = 256

    public init(guestPath: String, device: UInt64, inode: UInt64) {
        self.guestPath = guestPath
        self.device = device
        self.inode = inode
    }

    func write(to writer: inout RecordWriter) {
        writer.put(guestPath)
        writer.put(device)
        writer.put(inode)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        guestPath = try reader.getText()
        device = try reader.get()
        inode = try reader.get()
        guard isWellFormed else { throw .isMalformed }
    }

    /// Whether the path is what is said above. A mirror puts it behind a directory of its own.
    private var isWellFormed: Bool {
        guard guestPath.utf8.count <= 4096, guestPath.utf8.first == UInt8(ascii: "/"), !guestPath.utf8.contains(0)
        else { return false }
        return guestPath.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }
}
