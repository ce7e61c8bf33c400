/// What a primary does to pages before they travel (`--compress`).
public enum Compression: String, Sendable, CaseIterable {
    /// The shortest of all that there is, as far as looking for it pays.
    case automatic = "auto"
    /// Whole pages; only a page of zeros is a mark.
    case off = "off"
    /// LZ4 of each page.
    case lz4 = "lz4"
    /// The runs of bytes that differ from the page's previous version, or from zero where that is not known.
    case xorRuns = "xor-rle"
    /// LZ4 of what differs from the page's previous version, or of the page where that is not known.
    case xorLZ4 = "xor-lz4"

    /// Whether previous versions are of any use.
    public var usesHistory: Bool {
        switch self {
        case .automatic, .xorRuns, .xorLZ4: return true
        case .off, .lz4: return false
        }
    }
}
