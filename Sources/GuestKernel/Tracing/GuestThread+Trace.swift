import CGuestEntry
import Glibc
import GuestMemory
import SyscallShapes

/// What a thread's calls leave in its ring. A call's end has its room before its beginning is written, so that only a
/// beginning waits for the reader as long as it takes: at a safe point, where the call is known and no part of it is
/// made. A signal ends that wait; the call is then made again, as one that was interrupted.
extension GuestThread {
    /// Guest memory, as captures read it.
    private struct Memory: CaptureSource {
        func copy(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
            guard let target = buffer.baseAddress, GuestAccess.isInRange(address, buffer.count) else { return 0 }
            return buffer.count - guest_copy(target, UnsafeRawPointer(bitPattern: UInt(address)), buffer.count)
        }
    }

    /// Whether calls of this number are traced.
    @inline(__always)
    func isTraced(_ number: UInt32) -> Bool {
        kernel.tracing != nil && guest_trace_wants(number)
    }

    /// Gives the thread a ring, if its guest is traced; before it runs.
    func startTrace() {
        guard let tracing = kernel.tracing else { return }
        context.pointee.trace_ring = UnsafeMutableRawPointer(waitForRing(tracing.area))
        // What captures more than plain bytes is done in the supervisor.
        if context.pointee.trace_ring == nil || tracing.needsSupervisor { context.pointee.makes_calls = 0 }
        writeRecord(kind: GUEST_TRACE_THREAD_BEGIN, number: 0, as: guest_trace_record.self)
    }

    /// Nil after a second in which there was none.
    private func waitForRing(_ area: TraceArea) -> UnsafeMutablePointer<guest_trace_ring>? {
        for _ in 0..<GuestThread.traceWaitsMax {
            if let ring = area.takeRing() { return ring }
            guard guest_trace_waits() else { return nil }
            guest_trace_wake_reader()
            usleep(50_000)
        }
        return nil
    }

    /// The thread has ended, alone or with the whole guest.
    func endTrace() {
        guard let tracing = kernel.tracing, let ring else { return }
        // With a child's first thread ends the process, which `traceEnd` says.
        let isOfProcess = kernel.identity.isChild && tid == kernel.identity.pid
        if !kernel.isEnding, !isReplaced, !isOfProcess {
            writeRecord(
                kind: GUEST_TRACE_THREAD_END, number: UInt32(bitPattern: exitStatus), as: guest_trace_record.self)
        }
        context.pointee.trace_ring = nil
        tracing.area.giveBack(ring)
    }

    private var ring: UnsafeMutablePointer<guest_trace_ring>? {
        context.pointee.trace_ring?.assumingMemoryBound(to: guest_trace_ring.self)
    }

    // MARK: - Calls

    /// Before a call is made: what it is, and what its arguments point to. False when something else is to be done
    /// before there is room for that.
    func traceBegin(_ number: UInt32) -> Bool {
        guard let tracing = kernel.tracing, context.pointee.trace_has_begun == 0 else { return true }
        let byteCount = 2 * tracing.recordByteCountMax
        if let ring, !waitToBegin(in: ring, byteCount) { return false }
        guard let ring, let place = guest_trace_reserve(ring, UInt64(byteCount)) else {
            guest_trace_count_dropped()
            return true
        }
        let begin = place.bindMemory(to: guest_trace_begin.self, capacity: 1)
        fill(&begin.pointee.record, GUEST_TRACE_BEGIN, number)
        let arguments = callArguments
        begin.pointee.arguments = (
            arguments.a, arguments.b, arguments.c, arguments.d, arguments.e, arguments.f
        )
        var writer = snippets(behind: place, MemoryLayout<guest_trace_begin>.size, tracing)
        let shape = SyscallTable.shape(of: number).resolved(for: arguments)
        if tracing.showsDescriptorPaths { captureDescriptors(shape, arguments, &writer) }
        if tracing.showsStacks { captureStack(&writer) }
        if number == UInt32(__NR_rt_sigreturn) {
            CallCapture.signalReturn(stackPointer: context.pointee.rsp, Memory(), &writer)
        }
        CallCapture.entry(shape, arguments, tracing.limits, Memory(), &writer)
        let count = MemoryLayout<guest_trace_begin>.size + writer.byteCount
        guest_trace_publish(ring, &begin.pointee.record, UInt64(count))
        context.pointee.trace_has_begun = 1
        traceFlags = 0
        return true
    }

    /// After it: its result, and what it wrote. Of a call whose beginning was dropped, nothing.
    func traceEnd(_ number: UInt32, _ result: Int) {
        guard let tracing = kernel.tracing, let ring, context.pointee.trace_has_begun != 0 else { return }
        context.pointee.trace_has_begun = 0
        guard let place = guest_trace_reserve(ring, UInt64(tracing.recordByteCountMax)) else {
            guest_trace_count_dropped()
            return
        }
        let end = place.bindMemory(to: guest_trace_end.self, capacity: 1)
        fill(&end.pointee.record, GUEST_TRACE_END, number)
        end.pointee.result = Int64(result)
        end.pointee.epoch = tracing.area.epoch
        end.pointee.flags = traceFlags
        traceFlags = 0
        let arguments = callArguments
        var writer = snippets(behind: place, MemoryLayout<guest_trace_end>.size, tracing)
        let shape = SyscallTable.shape(of: number).resolved(for: arguments)
        if tracing.showsDescriptorPaths, result >= 0 { captureNewDescriptors(shape, arguments, result, &writer) }
        CallCapture.exit(shape, arguments, result, tracing.limits, Memory(), &writer)
        guest_trace_publish(
            ring, &end.pointee.record, UInt64(MemoryLayout<guest_trace_end>.size + writer.byteCount))
    }

    /// After the call that is being made.
    func traceResult(_ result: Int) {
        // rt_sigreturn's is what the registers have now.
        let shown = replacesRegisters ? Int(truncatingIfNeeded: context.pointee.rax) : result
        traceEnd(UInt32(truncatingIfNeeded: lastCallNumber), shown)
    }

    /// A signal that is about to be acted on, and before it the end of the call that it has interrupted. One that is
    /// made again is another.
    func traceInterruption(by info: SignalInfo) {
        if interruptedResult != 0, context.pointee.trace_has_begun != 0 { traceResult(interruptedResult) }
        traceSignal(info)
    }

    /// A signal that is about to be acted on.
    func traceSignal(_ info: SignalInfo) {
        guard kernel.tracing != nil, ring != nil else { return }
        writeRecord(kind: GUEST_TRACE_SIGNAL, number: UInt32(bitPattern: info.signal), as: guest_trace_signal.self) {
            record in
            withUnsafeMutableBytes(of: &record.pointee.information) { bytes in
                bytes.initializeMemory(as: UInt8.self, repeating: 0)
                withUnsafeBytes(of: info) { bytes.copyMemory(from: $0) }
            }
        }
    }

    // MARK: - Records

    private func fill(_ record: inout guest_trace_record, _ kind: UInt32, _ number: UInt32) {
        record.kind = kind
        record.time = guest_trace_now()
        record.thread = tid
        record.number = number
    }

    private func snippets(
        behind place: UnsafeMutableRawPointer, _ headerByteCount: Int, _ tracing: GuestTracing
    ) -> SnippetWriter {
        SnippetWriter(
            UnsafeMutableRawBufferPointer(
                start: place + headerByteCount, count: tracing.recordByteCountMax - headerByteCount))
    }

    /// A record of fixed size that begins as all do.
    private func writeRecord<Record>(
        kind: UInt32, number: UInt32, as type: Record.Type,
        _ complete: (UnsafeMutablePointer<Record>) -> Void = { _ in }
    ) {
        let byteCount = MemoryLayout<Record>.size
        guard let ring, let place = waitForRoom(in: ring, byteCount) else {
            guest_trace_count_dropped()
            return
        }
        let record = place.bindMemory(to: Record.self, capacity: 1)
        let head = place.assumingMemoryBound(to: guest_trace_record.self)
        fill(&head.pointee, kind, number)
        complete(record)
        guest_trace_publish(ring, head, UInt64(byteCount))
    }

    private var waitsForReader: Bool {
        guest_trace_waits() && !hasToEnd
    }

    /// Waits for a beginning's room, as long as there is somebody to make it. False when the thread is wanted
    /// elsewhere: a signal has come, perhaps.
    private func waitToBegin(in ring: UnsafeMutablePointer<guest_trace_ring>, _ byteCount: Int) -> Bool {
        while guest_trace_reserve(ring, UInt64(byteCount)) == nil, waitsForReader {
            if context.pointee.stop != 0 { return false }
            kernel.gate.beginWaiting(self)
            guest_trace_wait_for_room(ring, UInt64(byteCount))
            kernel.gate.endWaiting(self)
        }
        return true
    }

    /// Room for an event, which comes where the thread must not be found by a checkpoint: nobody can be kept from
    /// stopping for long, so that after a second without room it is dropped.
    private func waitForRoom(
        in ring: UnsafeMutablePointer<guest_trace_ring>, _ byteCount: Int
    ) -> UnsafeMutableRawPointer? {
        for _ in 0..<GuestThread.traceWaitsMax {
            if let place = guest_trace_reserve(ring, UInt64(byteCount)) { return place }
            guard waitsForReader else { return nil }
            guest_trace_wait_for_room(ring, UInt64(byteCount))
        }
        return nil
    }

    /// Of 50 ms each.
    private static let traceWaitsMax = 20
}
