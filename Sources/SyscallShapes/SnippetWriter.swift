/// Writes snippets one behind the other into a buffer of fixed size. What does not fit is left out.
public struct SnippetWriter {
    /// Address, byte count and kind.
    public static var headerByteCount: Int { 16 }
    @inlinable static var paddingMask: Int { 7 }

    @usableFromInline let buffer: UnsafeMutableRawBufferPointer
    /// How many bytes of the buffer are written; a multiple of 8.
    @inlinable public var byteCount: Int { count }

    @usableFromInline var count = 0

    /// The buffer's start is aligned to 8 bytes.
    @inlinable
    public init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
    }

    /// What is written so far.
    public var written: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer[..<byteCount])
    }

    /// Room for the next snippet's bytes.
    @inlinable var room: UnsafeMutableRawBufferPointer {
        let start = byteCount + SnippetWriter.headerByteCount
        let end = buffer.count & ~SnippetWriter.paddingMask
        guard start < end else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[start..<end])
    }

    /// Makes a snippet of the first `count` bytes that were put into `room`.
    @inlinable
    mutating func commit(_ kind: SnippetKind, _ address: UInt64, _ count: Int) {
        buffer.storeBytes(of: address.littleEndian, toByteOffset: byteCount, as: UInt64.self)
        let header = UInt64(kind.rawValue) << 32 | UInt64(UInt32(truncatingIfNeeded: count))
        buffer.storeBytes(of: header.littleEndian, toByteOffset: byteCount + 8, as: UInt64.self)
        let padded = (count + SnippetWriter.paddingMask) & ~SnippetWriter.paddingMask
        let start = byteCount + SnippetWriter.headerByteCount
        for index in start + count..<start + padded { buffer[index] = 0 }
        self.count = start + padded
    }

    /// Adds a snippet with these bytes. False where it does not fit.
    @inlinable
    @discardableResult
    public mutating func append(_ kind: SnippetKind, _ address: UInt64, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let room = room
        guard bytes.count <= room.count else { return false }
        if !bytes.isEmpty { room.copyMemory(from: bytes) }
        commit(kind, address, bytes.count)
        return true
    }

    /// Captures `count` bytes of memory at `address`, all or none. Where they are now; nil where they are not.
    @inlinable
    mutating func capture<Source: CaptureSource>(
        _ address: UInt64, _ count: Int, _ memory: Source
    ) -> UnsafeRawBufferPointer? {
        let room = room
        guard address != 0, count > 0, count <= room.count else { return nil }
        let target = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
        guard memory.copy(from: address, into: target) == count else { return nil }
        commit(.memory, address, count)
        return UnsafeRawBufferPointer(target)
    }

    /// Captures a string with its NUL, or the first `limit` bytes of it and no NUL.
    @inlinable
    mutating func captureString<Source: CaptureSource>(_ address: UInt64, _ limit: Int, _ memory: Source) {
        let room = room
        guard address != 0, limit > 0 else { return }
        let limit = min(limit, room.count)
        var count = 0
        while count < limit {
            // Most are short, and a page's end is no reason to have none of it.
            let wanted = min(limit - count, count == 0 ? 64 : 512)
            let pageRest = 4096 - Int((address &+ UInt64(count)) & 4095)
            let piece = UnsafeMutableRawBufferPointer(rebasing: room[count..<count + min(wanted, pageRest)])
            let copied = memory.copy(from: address &+ UInt64(count), into: piece)
            if let end = piece[..<copied].firstIndex(of: 0) {
                commit(.memory, address, count + end + 1)
                return
            }
            guard copied == piece.count else { return }
            count += copied
        }
        commit(.memory, address, count)
    }
}
