import CGuestEntry
import Glibc
import GuestKernel
import SyscallShapes

/// Turns a guest's trace records into lines, as they come.
///
/// A call's line is written when it has ended. Where another thread's record comes before that, its beginning is
/// written as unfinished, and its end, later, as resumed.
struct TraceSession: ~Copyable {
    private let request: TraceRequest
    /// Nil where nobody wants to know a time: records have none then.
    private var clock: TraceClock?
    private var text = TraceText()
    private var sink: TraceSink
    private var writer: TraceLineWriter
    private var summary: TraceSummary?
    private var threads: [Int32: TracedThread] = [:]
    /// The thread of the last record: most often the next is its, too. Whoever takes one out of `threads` forgets it
    /// here, and in `open`.
    private var recent: TracedThread?
    /// Whose call's beginning is the last thing that happened.
    private var open: TracedThread?
    /// The guest's own first thread.
    private var firstThread: Int32?
    /// How the guest ended, and when; nil when its process ended before it could say so.
    private var end: (how: GuestEnd, time: UInt64)?
    private var lastTime: UInt64 = 0

    private static let flushByteCount = 1 << 16

    /// `readTime` reads what records have as their time.
    init(_ request: TraceRequest, _ sink: TraceSink, _ readTime: @escaping () -> UInt64) {
        self.request = request
        clock = request.needsTimes ? TraceClock(readTime) : nil
        self.sink = sink
        summary = request.summary == nil ? nil : TraceSummary()
        writer = TraceLineWriter(request)
    }

    private var showsLines: Bool { request.summary?.isAlone != true }

    /// The errno of a write that failed, or 0; and how many lines were lost by it.
    var failure: Int32 { sink.failure }
    var lostLineCount: UInt64 { sink.lostLineCount }

    mutating func refreshClock() {
        clock?.refresh()
    }

    /// Whether there is enough to be written.
    var isFull: Bool { text.count >= TraceSession.flushByteCount }

    /// Writes what there is so far.
    mutating func flush() {
        if text.count > 0 { sink.write(text.bytes) }
        text.removeAll()
    }

    // MARK: - Records

    @inline(__always)
    mutating func take(_ record: UnsafePointer<guest_trace_record>) {
        lastTime = record.pointee.time
        switch record.pointee.kind {
        case GUEST_TRACE_BEGIN: begin(record)
        case GUEST_TRACE_END: finish(record)
        default: takeEvent(record)
        }
    }

    private mutating func begin(_ record: UnsafePointer<guest_trace_record>) {
        let thread = find(record.pointee.thread)
        leaveOthers(than: thread)
        // One whose end found no room.
        if thread.hasBegun { leaveUnfinished(thread) }
        thread.begin(record)
        guard thread.hasBegun else { return }
        if !request.paths.isEmpty { thread.isSelected = isOnSelectedPath(thread) }
        open = thread
        // These never return, and nothing more is known of them.
        if record.pointee.number == UInt32(__NR_exit) || record.pointee.number == UInt32(__NR_exit_group) {
            if showsLines, thread.isSelected, showsUnreturned {
                writer.appendCall(call(of: thread), CallCircumstances(), &text)
            }
            thread.end()
            open = nil
        }
    }

    private mutating func finish(_ record: UnsafePointer<guest_trace_record>) {
        let thread = find(record.pointee.thread)
        guard thread.hasBegun, Int(record.pointee.byte_count) >= MemoryLayout<guest_trace_end>.size else { return }
        leaveOthers(than: thread)
        open = nil
        defer { thread.end() }
        guard thread.isSelected else { return }
        let end = UnsafeRawPointer(record).assumingMemoryBound(to: guest_trace_end.self)
        var call = call(of: thread)
        let result = Int(end.pointee.result)
        call.result = result
        let began = thread.beginning.pointee.record.time
        call.durationNanoseconds = clock?.nanoseconds(from: began, to: record.pointee.time) ?? 0
        call.exit = CapturedMemory(
            UnsafeRawBufferPointer(
                start: UnsafeRawPointer(end + 1),
                count: Int(record.pointee.byte_count) - MemoryLayout<guest_trace_end>.size))
        // What is shown of a call by its status is not asked of those that are counted, as under strace.
        guard request.isSlowEnough(call.durationNanoseconds) else { return }
        summary?.record(number: call.number, result: result, durationNanoseconds: call.durationNanoseconds)
        guard showsLines, request.statuses.includes(result: result) else { return }
        let circumstances = CallCircumstances(epoch: end.pointee.epoch, flags: end.pointee.flags)
        if thread.isShownUnfinished {
            writer.appendResumed(call, circumstances, &text)
        } else {
            writer.appendCall(call, circumstances, &text)
        }
    }

    private mutating func takeEvent(_ record: UnsafePointer<guest_trace_record>) {
        let byteCount = Int(record.pointee.byte_count)
        switch record.pointee.kind {
        case GUEST_TRACE_SIGNAL where byteCount >= MemoryLayout<guest_trace_signal>.size: takeSignal(record)
        case GUEST_TRACE_THREAD_BEGIN: _ = find(record.pointee.thread)
        case GUEST_TRACE_THREAD_END:
            let thread = find(record.pointee.thread)
            leaveOthers(than: thread)
            let (status, signal) = (record.pointee.number & 0xff, Int32(record.pointee.number >> 8 & 0x7f))
            endThread(thread, signal != 0 ? .signalled(signal) : .exited(Int32(status)), record.pointee.time)
        case GUEST_TRACE_GUEST_END:
            let (signal, status) = (record.pointee.thread, Int32(bitPattern: record.pointee.number))
            end = (signal != 0 ? .signalled(signal) : .exited(status), record.pointee.time)
        case GUEST_TRACE_NOTE where byteCount >= MemoryLayout<guest_trace_note>.size:
            let values = UnsafeRawPointer(record).assumingMemoryBound(to: guest_trace_note.self).pointee.values
            guard showsLines, let note = TraceNote(number: record.pointee.number, values.0, values.1) else { return }
            // What a call leaves to be held is said in the middle of it.
            if case .held = note {} else { leaveOthers(than: nil) }
            append(.note(note), thread: firstThread ?? 0, record.pointee.time)
        default: break
        }
    }

    private mutating func takeSignal(_ record: UnsafePointer<guest_trace_record>) {
        let thread = find(record.pointee.thread)
        leaveOthers(than: thread)
        let signal = Int32(truncatingIfNeeded: record.pointee.number)
        guard showsLines, request.signals.contains(signal) else { return }
        let head = MemoryLayout<guest_trace_record>.size
        let information = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(record) + head, count: MemoryLayout<guest_trace_signal>.size - head)
        append(.signal(signal, information), thread: thread.thread, record.pointee.time)
    }

    private mutating func append(_ event: TraceEvent, thread: Int32, _ time: UInt64) {
        writer.append(event, thread: thread, nanoseconds: clock?.realNanoseconds(at: time) ?? 0, &text)
    }

    // MARK: - Threads

    @inline(__always)
    private mutating func find(_ thread: Int32) -> TracedThread {
        if let recent, recent.thread == thread { return recent }
        return findAmongAll(thread)
    }

    private mutating func findAmongAll(_ thread: Int32) -> TracedThread {
        let found = threads[thread] ?? TracedThread(thread)
        threads[thread] = found
        recent = found
        if firstThread == nil { firstThread = thread }
        writer.setThreadCount(threads.count)
        return found
    }

    /// Somebody else has something to say: the beginning that stands last is written as it is.
    @inline(__always)
    private mutating func leaveOthers(than thread: TracedThread?) {
        guard let last = open, last != thread else { return }
        open = nil
        leaveUnfinished(last)
    }

    private mutating func leaveUnfinished(_ thread: TracedThread) {
        guard thread.hasBegun, !thread.isShownUnfinished, isShownAtBegin(thread) else { return }
        thread.isShownUnfinished = true
        writer.appendUnfinished(call(of: thread), &text)
    }

    /// Whether calls that never return are among those asked for.
    private var showsUnreturned: Bool {
        request.statuses.contains(.unfinished) && request.slowerThanNanoseconds == nil
    }

    private func isShownAtBegin(_ thread: TracedThread) -> Bool {
        showsLines && thread.isSelected && !request.needsResult
    }

    private mutating func endThread(_ thread: TracedThread, _ how: GuestEnd, _ time: UInt64) {
        if thread.hasBegun {
            if showsUnreturned { leaveForGood(thread) }
            thread.end()
        }
        defer { forget(thread) }
        guard showsLines, !request.quiet.contains(.exit) else { return }
        // As strace has it: a signal that is not traced is not named as the end either.
        if case .signalled(let signal) = how, !request.signals.contains(signal) { return }
        append(.end(how), thread: thread.thread, time)
    }

    private mutating func forget(_ thread: TracedThread) {
        threads[thread.thread] = nil
        recent = nil
        open = nil
        thread.free()
        writer.setThreadCount(threads.count)
    }

    /// A call that does not return any more.
    private mutating func leaveForGood(_ thread: TracedThread) {
        guard showsLines, thread.isSelected, !thread.isShownUnfinished else { return }
        if request.isJSON {
            writer.appendCall(call(of: thread), CallCircumstances(), &text)
        } else {
            writer.appendUnfinished(call(of: thread), &text)
        }
    }

    /// After the last record: the end of all threads, and the summary.
    mutating func finish(droppedCount: UInt64) {
        let (how, time) = end ?? (.signalled(SIGKILL), lastTime)
        let ids = threads.keys.sorted { ($0 == firstThread ? 1 : 0, $0) < ($1 == firstThread ? 1 : 0, $1) }
        for id in ids { if let thread = threads[id] { endThread(thread, how, time) } }
        if droppedCount > 0, showsLines { append(.dropped(droppedCount), thread: firstThread ?? 0, time) }
        if let summary, let wanted = request.summary {
            let shown =
                request.isJSON
                ? summary.json(order: wanted.order) : summary.text(columns: wanted.columns, order: wanted.order)
            Array(shown.utf8).withUnsafeBytes { text.append($0) }
        }
        flush()
    }

    // MARK: - Calls

    /// Whether a path that the call names, or has a descriptor of, is one of those asked for.
    private func isOnSelectedPath(_ thread: TracedThread) -> Bool {
        let begin = thread.beginning
        let shape = SyscallTable.shape(of: begin.pointee.record.number)
        let arguments = SyscallArguments(begin.pointee.arguments)
        let captured = CapturedMemory(thread.captured)
        for index in 0..<shape.count {
            let path: UnsafeRawBufferPointer?
            switch shape.kinds[index] {
            case .path, .linkPath:
                path = captured.bytes(at: arguments[index]).map { bytes in
                    UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.firstIndex(of: 0) ?? bytes.count)])
                }
            case .descriptor, .directory:
                path = captured.path(ofDescriptor: Int32(truncatingIfNeeded: arguments[index]))
            default: path = nil
            }
            if let path, request.paths.matches(path) { return true }
        }
        return false
    }

    @inline(__always)
    private func call(of thread: TracedThread) -> TracedCall {
        let begin = thread.beginning
        return TracedCall(
            number: Int(Int32(bitPattern: begin.pointee.record.number)),
            arguments: SyscallArguments(begin.pointee.arguments), thread: thread.thread,
            startNanoseconds: clock?.realNanoseconds(at: begin.pointee.record.time) ?? 0,
            entry: CapturedMemory(thread.captured))
    }
}

extension SyscallArguments {
    fileprivate init(_ words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)) {
        self.init(a: words.0, b: words.1, c: words.2, d: words.3, e: words.4, f: words.5)
    }
}

extension CallCircumstances {
    fileprivate init(epoch: UInt64, flags: UInt64) {
        self.epoch = epoch
        isHeld = flags & UInt64(GUEST_TRACE_HELD) != 0
        isInjected = flags & UInt64(GUEST_TRACE_INJECTED) != 0
        isDelayed = flags & UInt64(GUEST_TRACE_DELAYED) != 0
    }
}
