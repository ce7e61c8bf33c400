/// Which bytes of a page differ from those of another: a bit a byte, in a buffer that is used again and again.
final class PageDifference {
    static let blockByteCount = 64
    static let blockCount = PageCoding.pageByteCount / blockByteCount

    /// A word for each 64 bytes of the page: bit n is set where their byte n differs.
    let masks: UnsafeMutablePointer<UInt64>
    /// How many of these words have a bit set.
    private(set) var changedBlockCount = 0

    init() {
        masks = .allocate(capacity: PageDifference.blockCount)
        masks.initialize(repeating: 0, count: PageDifference.blockCount)
    }

    deinit {
        masks.deallocate()
    }

    /// Compares two pages; false where they are the same.
    func compare(_ page: UnsafeRawPointer, _ base: UnsafeRawPointer) -> Bool {
        var changed = 0
        for block in 0..<PageDifference.blockCount {
            let offset = block * PageDifference.blockByteCount
            let difference =
                page.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
                ^ base.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
            // The compiler makes vectors of this, but not of "is any of them not zero".
            let half = difference.lowHalf | difference.highHalf
            let quarter = half.lowHalf | half.highHalf
            if quarter[0] | quarter[1] == 0 {
                masks[block] = 0
            } else {
                masks[block] = PageDifference.mask(of: difference)
                changed += 1
            }
        }
        changedBlockCount = changed
        return changed != 0
    }

    private static func mask(of difference: SIMD8<UInt64>) -> UInt64 {
        // Adding 0x7f to a byte's lower seven bits carries into its upper one unless they are zero.
        let low = SIMD8<UInt64>(repeating: 0x7f7f_7f7f_7f7f_7f7f)
        let bits = ((((difference & low) &+ low) | difference) &>> 7) & SIMD8(repeating: 0x0101_0101_0101_0101)
        // The product's top byte has bit n of each byte n: no two of the summands meet.
        let bytes = (bits &* SIMD8(repeating: 0x0102_0408_1020_4080)) &>> 56
        var mask: UInt64 = 0
        for word in 0..<8 { mask |= bytes[word] &<< UInt64(8 * word) }
        return mask
    }
}
