/// How one page's content is written, see docs/format.md.
public enum PageCoding: UInt8, CaseIterable, Sendable {
    /// Nothing but zeros: no bytes.
    case zero = 0
    /// The page as it is.
    case raw = 1
    /// An LZ4 block.
    case lz4 = 2
    /// The base as it is: no bytes.
    case unchanged = 3
    /// The runs of bytes that are not zero (`PageRuns`).
    case runs = 4
    /// The same of what differs from the base.
    case xorRuns = 5
    /// An LZ4 block of the page XORed with the base.
    case xorLZ4 = 6

    /// Whether it says something only together with the page as it was at the end of the epoch before.
    public var needsBase: Bool {
        switch self {
        case .unchanged, .xorRuns, .xorLZ4: return true
        case .zero, .raw, .lz4, .runs: return false
        }
    }

    /// As reports have it.
    public var name: String {
        switch self {
        case .zero: return "zero"
        case .raw: return "raw"
        case .lz4: return "lz4"
        case .unchanged: return "unchanged"
        case .runs: return "rle"
        case .xorRuns: return "xor_rle"
        case .xorLZ4: return "xor_lz4"
        }
    }

    static let pageByteCount = 4096

    /// Pages lie between the arena's start and end (GuestLayout of GuestMemory; the handshake compares the end), or
    /// above it where they are a memory object's, up to what a page header has room for.
    static let pageNumbers: Range<UInt64> = 0x10..<1 << 40
}
