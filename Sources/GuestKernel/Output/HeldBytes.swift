/// Bytes that wait in order: written at the end, taken from the front, always in one piece.
///
/// Sound as unchecked: the buffer is this value's own, and the value cannot be copied. A pointer into it is good until
/// the next change.
struct HeldBytes: ~Copyable, @unchecked Sendable {
    /// What an empty one keeps for the next bytes, so that ten thousand idle connections hold little.
    private static let keptByteCountMax = 16 << 10
    private static let firstByteCount = 1 << 10

    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    deinit {
        base?.deallocate()
    }

    var count: Int { end - start }

    /// Where the byte at `offset` lies; nil while there never was one.
    func pointer(at offset: Int) -> UnsafeRawPointer? {
        base.map { UnsafeRawPointer($0 + start + offset) }
    }

    /// Room for so many bytes at the end; `extend` says how many of them were written.
    mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if base == nil || capacity - end < byteCount { makeRoom(byteCount) }
        return base! + end
    }

    mutating func extend(_ byteCount: Int) {
        end += byteCount
    }

    mutating func dropFirst(_ byteCount: Int) {
        start += byteCount
        guard start == end else { return }
        (start, end) = (0, 0)
        guard capacity > HeldBytes.keptByteCountMax else { return }
        base?.deallocate()
        base = nil
        capacity = 0
    }

    private mutating func makeRoom(_ byteCount: Int) {
        let held = count
        // Moving at most half of the buffer costs each byte at most one move.
        if let base, held + byteCount <= capacity, held <= capacity / 2 {
            base.copyMemory(from: base + start, byteCount: held)
        } else {
            var wanted = max(capacity, HeldBytes.firstByteCount)
            while wanted < held + byteCount { wanted *= 2 }
            let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
            if let base {
                larger.copyMemory(from: base + start, byteCount: held)
                base.deallocate()
            }
            base = larger
            capacity = wanted
        }
        (start, end) = (0, held)
    }
}
