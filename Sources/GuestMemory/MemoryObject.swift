import RecordCoding

/// A file that lies in memory and that nobody but the guest has: a memfd, or one in /dev/shm that it has mapped. The
/// mirror has a memory file of its own with the same bytes.
struct MemoryObject: Equatable {
    /// Its slot in `MemoryObjectSpace`, which another object may have after it.
    var number: UInt64
    /// No other object ever has this.
    var serial: UInt64
    /// What fstat(2) says of the primary's file.
    var file: FileNumber
    /// What the mirror's file is called in /proc/self/maps.
    var name: String
    var byteCount: UInt64 = 0
    /// Permission bits.
    var mode: UInt32 = 0
    /// F_GET_SEALS; F_SEAL_SEAL alone for a file that takes none.
    var seals: UInt32 = 0

    /// memfd_create(2) takes no longer ones.
    static let nameByteCountMax = 249
}

extension MemoryObject {
    func write(to writer: inout RecordWriter) {
        writer.put(number)
        writer.put(serial)
        writer.put(file.device)
        writer.put(file.inode)
        writer.put(name)
        writer.put(byteCount)
        writer.put(mode)
        writer.put(seals)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        number = try reader.get()
        serial = try reader.get()
        file = FileNumber(device: try reader.get(), inode: try reader.get())
        name = try reader.getText()
        byteCount = try reader.get()
        mode = try reader.get()
        seals = try reader.get()
        guard MemoryObjectSpace.numbers.contains(number), byteCount <= MemoryObjectSpace.slotByteCount,
            name.utf8.count <= MemoryObject.nameByteCountMax, !name.utf8.contains(0)
        else { throw .isMalformed }
    }
}

/// What tells a host's file from all others while it is there: st_dev and st_ino.
public struct FileNumber: Equatable, Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64

    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}
