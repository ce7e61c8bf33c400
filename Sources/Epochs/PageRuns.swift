/// The bytes of a page that differ from its base, as runs: how many bytes to leave, how many follow, and these, XORed
/// with the base's.
///
/// A run begins with one of
///
///     0LLLGGGG                     G bytes are left as they are (0 to 15), L + 1 follow (1 to 8)
///     1LLLGGGG GGGGGGGG            the same with 12 bits of G, lower ones first, and L below 7
///     1111GGGG GGGGGGGG number     the number + 8 follow
///
/// where a number below 128 is one byte; another is two, the lower seven bits first with the top bit set. All behind
/// the last run is left as it is.
enum PageRuns {
    /// A run's start takes at most so many bytes.
    private static let startByteCountMax = 4

    /// Writes the runs of a difference between `page` and `base`.
    ///
    /// - Returns: the bytes written, or nil where they may be more than `byteCountMax`.
    static func encode(
        _ difference: PageDifference, _ page: UnsafeRawPointer, _ base: UnsafeRawPointer,
        to target: UnsafeMutableRawPointer, byteCountMax: Int
    ) -> Int? {
        var writer = Writer(page: page, base: base, target: target, byteCountMax: byteCountMax)
        var start = 0
        var end = -1
        for block in 0..<PageDifference.blockCount {
            var mask = difference.masks[block]
            while mask != 0 {
                let first = mask.trailingZeroBitCount
                let count = (~(mask &>> UInt64(first))).trailingZeroBitCount
                let from = block * PageDifference.blockByteCount + first
                // A run of its own begins with a byte at least: one that is the same may as well be sent.
                if end < 0 {
                    start = from
                } else if from - end > 1 {
                    guard writer.put(start..<end) else { return nil }
                    start = from
                }
                end = from + count
                mask = first + count == 64 ? 0 : mask & (~0 &<< UInt64(first + count))
            }
        }
        if end >= 0, !writer.put(start..<end) { return nil }
        return writer.count
    }

    private struct Writer {
        let page: UnsafeRawPointer
        let base: UnsafeRawPointer
        let target: UnsafeMutableRawPointer
        let byteCountMax: Int
        var count = 0
        private var position = 0

        init(page: UnsafeRawPointer, base: UnsafeRawPointer, target: UnsafeMutableRawPointer, byteCountMax: Int) {
            self.page = page
            self.base = base
            self.target = target
            self.byteCountMax = byteCountMax
        }

        mutating func put(_ run: Range<Int>) -> Bool {
            guard count + PageRuns.startByteCountMax + run.count <= byteCountMax else { return false }
            putStart(gap: run.lowerBound - position, length: run.count)
            var offset = run.lowerBound
            while offset + 8 <= run.upperBound {
                let word =
                    page.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    ^ base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                target.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
                offset += 8
                count += 8
            }
            while offset < run.upperBound {
                putByte(
                    page.load(fromByteOffset: offset, as: UInt8.self)
                        ^ base.load(fromByteOffset: offset, as: UInt8.self))
                offset += 1
            }
            position = run.upperBound
            return true
        }

        private mutating func putStart(gap: Int, length: Int) {
            if gap < 16, length <= 8 { return putByte(UInt8((length - 1) << 4 | gap)) }
            putByte(UInt8(0x80 | min(length - 1, 7) << 4 | gap & 15))
            putByte(UInt8(gap >> 4))
            if length < 8 { return }
            let rest = length - 8
            if rest < 128 { return putByte(UInt8(rest)) }
            putByte(UInt8(rest & 127 | 128))
            putByte(UInt8(rest >> 7))
        }

        private mutating func putByte(_ byte: UInt8) {
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
        }
    }

    /// XORs runs into `page`, which holds the base.
    ///
    /// - Returns: false where they make no sense; `page` may have been changed then.
    static func apply(_ content: UnsafeRawBufferPointer, to page: UnsafeMutableRawPointer) -> Bool {
        var reader = Reader(content: content)
        var position = 0
        while reader.offset < content.count {
            guard let (gap, length) = reader.getStart() else { return false }
            position += gap
            guard position + length <= PageCoding.pageByteCount, reader.offset + length <= content.count else {
                return false
            }
            xor(content.baseAddress! + reader.offset, into: page + position, byteCount: length)
            position += length
            reader.offset += length
        }
        return true
    }

    private static func xor(_ source: UnsafeRawPointer, into page: UnsafeMutableRawPointer, byteCount: Int) {
        var offset = 0
        while offset + 8 <= byteCount {
            let word =
                page.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ source.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            page.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < byteCount {
            let byte =
                page.load(fromByteOffset: offset, as: UInt8.self) ^ source.load(fromByteOffset: offset, as: UInt8.self)
            page.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }

    private struct Reader {
        let content: UnsafeRawBufferPointer
        var offset = 0

        mutating func getStart() -> (gap: Int, length: Int)? {
            guard let first = getByte() else { return nil }
            var gap = first & 15
            var length = (first >> 4 & 7) + 1
            if first & 0x80 == 0 { return (gap, length) }
            guard let upper = getByte() else { return nil }
            gap |= upper << 4
            if length < 8 { return (gap, length) }
            guard var rest = getByte() else { return nil }
            if rest & 0x80 != 0 {
                guard let upper = getByte() else { return nil }
                rest = rest & 127 | upper << 7
            }
            length += rest
            return (gap, length)
        }

        private mutating func getByte() -> Int? {
            guard offset < content.count else { return nil }
            defer { offset += 1 }
            return Int(content[offset])
        }
    }
}
