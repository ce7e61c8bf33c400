import CGuestEntry

/// How far the reader is in one ring. What was read is the writer's again in pieces: the word that says so lies where
/// the writer looks, so that on two processors every change of it costs both.
struct RingCursor {
    let ring: UnsafeMutablePointer<guest_trace_ring>
    private let byteCount: UInt32
    private var position: UInt64
    /// How far the writer was when it was last looked at, and what it knows of `position`.
    private var written: UInt64
    private var released: UInt64

    init(_ ring: UnsafeMutablePointer<guest_trace_ring>, byteCount: Int) {
        self.ring = ring
        self.byteCount = UInt32(byteCount)
        position = guest_trace_read(ring)
        released = position
        written = position
    }

    /// The next record, whichever number it has; nil where there is none yet.
    @inline(__always)
    mutating func record() -> UnsafePointer<guest_trace_record>? {
        if let found = guest_trace_record_at(ring, position, written, byteCount) { return found }
        written = guest_trace_written(ring)
        return guest_trace_record_at(ring, position, written, byteCount)
    }

    /// The record that `record` gave is done with.
    @inline(__always)
    mutating func advance(behind record: UnsafePointer<guest_trace_record>) {
        position &+= UInt64(record.pointee.byte_count)
        if position &- released >= UInt64(byteCount) / RingCursor.piecesOfRing { release() }
    }

    /// All that was read is the writer's again.
    mutating func release() {
        guard released != position else { return }
        released = position
        guest_trace_done(ring, byteCount, position)
    }

    /// A writer that waits wants two: GUEST_TRACE_RECORDS_LEAST says so.
    private static let piecesOfRing: UInt64 = 16
}
