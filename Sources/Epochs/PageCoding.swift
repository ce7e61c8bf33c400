import CLZ4

/// How one page is written: behind its number, its coding, its length and its checksum.
///
///     offset  bytes
///          0      8  page number
///          8      1  coding
///          9      1  0
///         10      2  bytes that follow the 16 of this header
///         12      4  low half of the page's XXH3
enum PageCoding: UInt8 {
    case zero = 0
    case raw = 1
    case lz4 = 2

    static let pageByteCount = 4096
    static let headerByteCount = 16
    static let byteCountMax = headerByteCount + pageByteCount

    /// Pages lie between the arena's start and end (GuestLayout of GuestMemory; the handshake compares the end).
    static let pageNumbers: Range<UInt64> = 0x10..<(0x2000_0000_0000 / 4096)

    /// Writes a page to `target`, which has room for `byteCountMax`; returns the bytes written.
    static func encode(
        _ number: UInt64, _ page: UnsafeRawPointer, to target: UnsafeMutableRawPointer, compresses: Bool
    ) -> Int {
        target.storeBytes(of: number.littleEndian, as: UInt64.self)
        target.storeBytes(of: 0, toByteOffset: 9, as: UInt8.self)
        target.storeBytes(of: Checksum.ofPage(page).littleEndian, toByteOffset: 12, as: UInt32.self)
        let (coding, byteCount) = encodeContent(page, to: target + headerByteCount, compresses: compresses)
        target.storeBytes(of: coding.rawValue, toByteOffset: 8, as: UInt8.self)
        target.storeBytes(of: UInt16(byteCount).littleEndian, toByteOffset: 10, as: UInt16.self)
        return headerByteCount + byteCount
    }

    private static func encodeContent(
        _ page: UnsafeRawPointer, to target: UnsafeMutableRawPointer, compresses: Bool
    ) -> (PageCoding, Int) {
        if isZero(page) { return (.zero, 0) }
        if compresses {
            // Less room than the page itself: where it does not fit, raw is no larger.
            let count = LZ4_compress_default(
                page.assumingMemoryBound(to: CChar.self), target.assumingMemoryBound(to: CChar.self),
                Int32(pageByteCount), Int32(pageByteCount - 1))
            if count > 0 { return (.lz4, Int(count)) }
        }
        target.copyMemory(from: page, byteCount: pageByteCount)
        return (.raw, pageByteCount)
    }

    /// Reads the page at the payload's `offset` into `page`, moves `offset` on, and returns its number.
    static func decode(
        _ payload: UnsafeRawBufferPointer, at offset: inout Int, into page: UnsafeMutableRawPointer
    ) throws(WireError) -> UInt64 {
        guard payload.count - offset >= headerByteCount else { throw WireError(.cutShort, "a page ends too early") }
        let number = UInt64(littleEndian: payload.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let coding = PageCoding(rawValue: payload[offset + 8])
        let byteCount = Int(UInt16(littleEndian: payload.loadUnaligned(fromByteOffset: offset + 10, as: UInt16.self)))
        let sum = UInt32(littleEndian: payload.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
        offset += headerByteCount
        guard payload.count - offset >= byteCount else { throw WireError(.cutShort, "a page ends too early") }
        guard pageNumbers.contains(number) else { throw .malformed("a page's number") }
        guard let coding, decode(coding, payload.baseAddress! + offset, byteCount, into: page) else {
            throw .malformed("a page's coding")
        }
        guard Checksum.ofPage(page) == sum else { throw WireError(.badChecksum, "a page's checksum is wrong") }
        offset += byteCount
        return number
    }

    private static func decode(
        _ coding: PageCoding, _ source: UnsafeRawPointer, _ byteCount: Int, into page: UnsafeMutableRawPointer
    ) -> Bool {
        switch coding {
        case .zero:
            guard byteCount == 0 else { return false }
            page.initializeMemory(as: UInt8.self, repeating: 0, count: pageByteCount)
        case .raw:
            guard byteCount == pageByteCount else { return false }
            page.copyMemory(from: source, byteCount: pageByteCount)
        case .lz4:
            let count = LZ4_decompress_safe(
                source.assumingMemoryBound(to: CChar.self), page.assumingMemoryBound(to: CChar.self),
                Int32(byteCount), Int32(pageByteCount))
            guard count == Int32(pageByteCount) else { return false }
        }
        return true
    }

    private static func isZero(_ page: UnsafeRawPointer) -> Bool {
        let words = page.assumingMemoryBound(to: UInt64.self)
        for index in 0..<(pageByteCount / 8) where words[index] != 0 { return false }
        return true
    }
}
