/// What stands before a page's encoded content.
///
///     offset  bytes
///          0      5  page number
///          5      1  coding
///          6      2  bytes of content that follow, at most 4096
///          8      8  XXH3 of the page as it is to be
///
/// The checksum is of the outcome, whatever the coding: a difference that is put upon another base than the one it was
/// made from does not pass.
struct PageHeader: Equatable {
    static let byteCount = 16
    /// Of a page with its header, at most.
    static let withContentByteCountMax = byteCount + PageCoding.pageByteCount

    private static let numberBits: UInt64 = 40

    var number: UInt64
    var coding: PageCoding
    var contentByteCount: Int
    var checksum: UInt64

    func write(to target: UnsafeMutableRawPointer) {
        let word =
            number | UInt64(coding.rawValue) << PageHeader.numberBits
            | UInt64(UInt16(contentByteCount)) << (PageHeader.numberBits + 8)
        target.storeBytes(of: word.littleEndian, as: UInt64.self)
        target.storeBytes(of: checksum.littleEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// Reads the header at the payload's `offset`, and sees that its content is there.
    init(_ payload: UnsafeRawBufferPointer, at offset: Int) throws(WireError) {
        guard payload.count - offset >= PageHeader.byteCount else {
            throw WireError(.cutShort, "a page ends too early")
        }
        let word = UInt64(littleEndian: payload.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        number = word & (1 << PageHeader.numberBits - 1)
        guard PageCoding.pageNumbers.contains(number) else { throw .malformed("a page's number") }
        guard let coding = PageCoding(rawValue: UInt8(truncatingIfNeeded: word >> PageHeader.numberBits)) else {
            throw .malformed("a page's coding")
        }
        self.coding = coding
        contentByteCount = Int(word >> (PageHeader.numberBits + 8))
        guard contentByteCount <= PageCoding.pageByteCount else { throw .malformed("a page's length") }
        guard payload.count - offset - PageHeader.byteCount >= contentByteCount else {
            throw WireError(.cutShort, "a page ends too early")
        }
        checksum = UInt64(littleEndian: payload.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
    }

    init(number: UInt64, coding: PageCoding, contentByteCount: Int, checksum: UInt64) {
        self.number = number
        self.coding = coding
        self.contentByteCount = contentByteCount
        self.checksum = checksum
    }
}
