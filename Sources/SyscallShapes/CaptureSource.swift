/// Where captured bytes come from: guest memory.
public protocol CaptureSource {
    /// Copies what lies at `address` into `buffer`. How many bytes could be copied: fewer where memory ends.
    func copy(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int
}
