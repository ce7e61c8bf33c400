import CGuestEntry

/// What the reader knows of one guest thread: the call that it is in.
///
/// Not Sendable: one thread reads.
final class TracedThread {
    let thread: Int32
    /// The beginning of its call, as long as that has not ended.
    private(set) var hasBegun = false
    /// The beginning stands in the output already, as unfinished.
    var isShownUnfinished = false
    /// The call is one of those that are shown, as far as its beginning says.
    var isSelected = true
    private var storage: UnsafeMutableRawBufferPointer
    private var byteCount = 0

    init(_ thread: Int32) {
        self.thread = thread
        storage = .allocate(byteCount: 1024, alignment: 16)
    }

    deinit {
        storage.deallocate()
    }

    /// Keeps the beginning of a call: its place in the ring is wanted again.
    func begin(_ record: UnsafePointer<guest_trace_record>) {
        byteCount = Int(record.pointee.byte_count)
        if storage.count < byteCount {
            storage.deallocate()
            storage = .allocate(byteCount: 2 * byteCount, alignment: 16)
        }
        storage.copyMemory(from: UnsafeRawBufferPointer(start: record, count: byteCount))
        hasBegun = byteCount >= MemoryLayout<guest_trace_begin>.size
        isShownUnfinished = false
        isSelected = true
    }

    func end() {
        hasBegun = false
    }

    /// The kept beginning; only while `hasBegun`.
    @inline(__always)
    var beginning: UnsafePointer<guest_trace_begin> {
        precondition(hasBegun, "thread \(thread) is in no call")
        return UnsafePointer(storage.baseAddress!.assumingMemoryBound(to: guest_trace_begin.self))
    }

    /// What was captured with it.
    @inline(__always)
    var captured: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: storage[MemoryLayout<guest_trace_begin>.size..<byteCount])
    }
}
