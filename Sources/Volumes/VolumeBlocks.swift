/// How files are compared without sending them: by the checksums of blocks of this size. A differing block is taken for
/// the same once in 2⁶⁴.
public enum VolumeBlocks {
    public static let byteCount = 64 << 10

    /// How many blocks a file of so many bytes has; the last may be shorter.
    public static func count(_ byteCount: UInt64) -> UInt64 {
        (byteCount + UInt64(VolumeBlocks.byteCount) - 1) / UInt64(VolumeBlocks.byteCount)
    }
}
