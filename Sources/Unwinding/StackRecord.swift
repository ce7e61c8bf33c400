/// A frame as it travels from the process that walked the stack to the one that prints it:
/// `UInt64 address | UInt64 fileOffset | UInt32 pathByteCount | UInt32 flags | path`, the path padded with zeros to a
/// multiple of 8, all little-endian. An address that is in no file has an empty path.
public struct StackRecord {
    public let frame: StackFrame
    /// Where in the module's file the address is.
    public let fileOffset: UInt64
    /// The module's path; part of the buffer that it was read from.
    public let path: UnsafeRawBufferPointer

    public static let headByteCount = 24
    private static let interruptedFlag: UInt32 = 1

    /// Writes a record at the start of `buffer`: how many bytes it took, nil where there is no room.
    public static func write(
        _ frame: StackFrame, fileOffset: UInt64, path: UnsafeRawBufferPointer, to buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let byteCount = headByteCount + (path.count + 7) / 8 * 8
        guard byteCount <= buffer.count, let pathByteCount = UInt32(exactly: path.count) else { return nil }
        buffer.storeBytes(of: frame.address.littleEndian, toByteOffset: 0, as: UInt64.self)
        buffer.storeBytes(of: fileOffset.littleEndian, toByteOffset: 8, as: UInt64.self)
        buffer.storeBytes(of: pathByteCount.littleEndian, toByteOffset: 16, as: UInt32.self)
        let flags = frame.isInterrupted ? interruptedFlag : 0
        buffer.storeBytes(of: flags.littleEndian, toByteOffset: 20, as: UInt32.self)
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[headByteCount..<byteCount])
        room.copyMemory(from: path)
        for index in path.count..<room.count { room[index] = 0 }
        return byteCount
    }

    /// Takes the record off the front of `bytes`; nil where there is no whole one.
    public init?(_ bytes: inout UnsafeRawBufferPointer) {
        guard bytes.count >= StackRecord.headByteCount else { return nil }
        let pathByteCount = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
        let byteCount = StackRecord.headByteCount + (pathByteCount + 7) / 8 * 8
        guard byteCount <= bytes.count else { return nil }
        let flags = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
        frame = StackFrame(
            address: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)),
            isInterrupted: flags & StackRecord.interruptedFlag != 0)
        fileOffset = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        path = UnsafeRawBufferPointer(
            rebasing: bytes[StackRecord.headByteCount..<StackRecord.headByteCount + pathByteCount])
        bytes = UnsafeRawBufferPointer(rebasing: bytes[byteCount...])
    }
}
