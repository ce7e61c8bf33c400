import CGuestEntry

/// What the reader knows of one guest thread: the call that it is in.
///
/// Not Sendable: one thread reads. A handle: copies mean the same thread, and no references are counted, which for
/// every record took a seventh of the reader's time. Sound as long as nobody uses one after `free`.
struct TracedThread: Equatable {
    private struct State {
        let thread: Int32
        var hasBegun = false
        var isShownUnfinished = false
        var isSelected = true
        var storage: UnsafeMutableRawBufferPointer
        var byteCount = 0
    }

    private let state: UnsafeMutablePointer<State>

    init(_ thread: Int32) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(thread: thread, storage: .allocate(byteCount: 1024, alignment: 16)))
    }

    /// The thread has ended, and no copy of this is used any more.
    func free() {
        state.pointee.storage.deallocate()
        state.deallocate()
    }

    var thread: Int32 { state.pointee.thread }

    /// The beginning of its call, as long as that has not ended.
    var hasBegun: Bool { state.pointee.hasBegun }

    /// The beginning stands in the output already, as unfinished.
    var isShownUnfinished: Bool {
        get { state.pointee.isShownUnfinished }
        nonmutating set { state.pointee.isShownUnfinished = newValue }
    }

    /// The call is one of those that are shown, as far as its beginning says.
    var isSelected: Bool {
        get { state.pointee.isSelected }
        nonmutating set { state.pointee.isSelected = newValue }
    }

    /// Keeps the beginning of a call: its place in the ring is wanted again.
    func begin(_ record: UnsafePointer<guest_trace_record>) {
        let byteCount = Int(record.pointee.byte_count)
        if state.pointee.storage.count < byteCount {
            state.pointee.storage.deallocate()
            state.pointee.storage = .allocate(byteCount: 2 * byteCount, alignment: 16)
        }
        state.pointee.storage.copyMemory(from: UnsafeRawBufferPointer(start: record, count: byteCount))
        state.pointee.byteCount = byteCount
        state.pointee.hasBegun = byteCount >= MemoryLayout<guest_trace_begin>.size
        state.pointee.isShownUnfinished = false
        state.pointee.isSelected = true
    }

    func end() {
        state.pointee.hasBegun = false
    }

    /// The kept beginning; only while `hasBegun`.
    @inline(__always)
    var beginning: UnsafePointer<guest_trace_begin> {
        precondition(hasBegun, "a call's beginning is wanted of a thread that is in none")
        return UnsafePointer(state.pointee.storage.baseAddress!.assumingMemoryBound(to: guest_trace_begin.self))
    }

    /// What was captured with it.
    @inline(__always)
    var captured: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: state.pointee.storage[MemoryLayout<guest_trace_begin>.size..<state.pointee.byteCount])
    }
}
