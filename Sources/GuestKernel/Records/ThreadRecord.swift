import CGuestEntry
import RecordCoding

/// One thread of the guest at a safe point, or in a call that it makes again on a mirror.
struct ThreadRecord: Sendable {
    var tid: Int32
    var name: [UInt8]
    /// r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags, FS and GS base: the context's order.
    var registers: [UInt64]
    var signals: ThreadSignals
    var waiter: WaiterRecord
    var lastCallNumber: UInt64
    var interruptedResult: Int
    var mustEnd: Bool
    var exitStatus: Int32
    var alternateStack: AlternateStack
    var savedMask: UInt64?
    var clearChildTid: UInt64
    var robustListHead: UInt64
    /// Processor time used so far.
    var processorNanoseconds: UInt64
    /// XSAVE's image in the standard format, up to the last component in use.
    var vectorState: [UInt8]

    private static let registerCount = Int(CONTEXT_HOST_RSP) / 8
    private static let nameByteCountMax = 15
    /// What the fields take at most besides name, pending signals and vector state.
    private static let fixedByteCount = 384
}

extension ThreadRecord {
    /// Takes a thread that is stopped; `signals` are its own, read under their lock.
    init(of thread: GuestThread, _ signals: ThreadSignals) {
        let start = UnsafeRawPointer(thread.context).assumingMemoryBound(to: UInt64.self)
        self.init(
            tid: thread.tid, name: thread.name,
            registers: Array(UnsafeBufferPointer(start: start, count: ThreadRecord.registerCount)),
            signals: signals, waiter: thread.waiter, lastCallNumber: thread.lastCallNumber,
            interruptedResult: thread.interruptedResult, mustEnd: thread.mustEnd.load(ordering: .acquiring),
            exitStatus: thread.exitStatus, alternateStack: thread.alternateStack, savedMask: thread.savedMask,
            clearChildTid: thread.clearChildTid, robustListHead: thread.robustListHead,
            processorNanoseconds: thread.processorNanoseconds ?? thread.processorOffsetNanoseconds,
            vectorState: VectorState.image(of: thread.context))
    }

    /// Decodes a thread's record, whose vector state is one that this CPU can load.
    init(tid: Int32, decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        self.init(
            tid: tid, name: try reader.getBytes(), registers: try ThreadRecord.registers(from: &reader),
            signals: try ThreadSignals(from: &reader), waiter: try WaiterRecord(from: &reader),
            lastCallNumber: try reader.get(),
            interruptedResult: Int(try reader.get(Int64.self)), mustEnd: try reader.getFlag(),
            exitStatus: try reader.get(),
            alternateStack: AlternateStack(
                base: try reader.get(), byteCount: try reader.get(), flags: try reader.get()),
            savedMask: try reader.getOptional(), clearChildTid: try reader.get(), robustListHead: try reader.get(),
            processorNanoseconds: try reader.get(), vectorState: try reader.getBytes())
        try reader.finish()
        guard name.count <= ThreadRecord.nameByteCountMax, VectorState.isLoadable(vectorState),
            processorNanoseconds <= ClockRecord.nanosecondsMax,
            interruptedResult == 0 || Restart.contains(interruptedResult)
        else { throw .isMalformed }
    }

    private static func registers(from reader: inout RecordReader) throws(RecordError) -> [UInt64] {
        var registers: [UInt64] = []
        registers.reserveCapacity(registerCount)
        for _ in 0..<registerCount { registers.append(try reader.get()) }
        // The last two: a base that is not canonical faults in the supervisor, and the guest cannot have set one.
        guard registers.suffix(2).allSatisfy({ $0 < 1 << 47 }) else { throw .isMalformed }
        return registers
    }

    func encoded() -> [UInt8] {
        let queueByteCount = signals.pending.queue.count * MemoryLayout<SignalInfo>.size
        var writer = RecordWriter(capacity: ThreadRecord.fixedByteCount + queueByteCount + vectorState.count)
        writer.put(name)
        // As the reader takes them, one by one; x86-64 has them in the record's byte order.
        registers.withUnsafeBytes { writer.putRaw($0) }
        signals.write(to: &writer)
        waiter.write(to: &writer)
        writer.put(lastCallNumber)
        writer.put(Int64(interruptedResult))
        writer.put(mustEnd)
        writer.put(exitStatus)
        writer.put(alternateStack.base)
        writer.put(alternateStack.byteCount)
        writer.put(alternateStack.flags)
        writer.put(savedMask)
        writer.put(clearChildTid)
        writer.put(robustListHead)
        writer.put(processorNanoseconds)
        writer.put(vectorState)
        return writer.bytes
    }

    /// By its place in the context (CONTEXT_RAX and the like).
    mutating func setRegister(at offset: Int32, _ value: UInt64) {
        registers[Int(offset) / 8] = value
    }

    /// Gives a thread that has not run yet the record's state.
    func install(in thread: GuestThread) {
        let context = thread.context
        registers.withUnsafeBytes { bytes in
            UnsafeMutableRawPointer(context).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        }
        context.pointee.rflags = guest_sanitised_flags(context.pointee.rflags)
        // The quick way back from a syscall leaves the GS base that the host thread has. The registers
        // that a syscall spoils are in the record as it has spoilt them.
        context.pointee.resume_full = 1
        guest_context_choose_gs(context)
        thread.signals = signals
        thread.waiter = waiter
        thread.lastCallNumber = lastCallNumber
        thread.interruptedResult = interruptedResult
        thread.mustEnd.store(mustEnd, ordering: .releasing)
        thread.exitStatus = exitStatus
        thread.alternateStack = alternateStack
        thread.savedMask = savedMask
        thread.clearChildTid = clearChildTid
        thread.robustListHead = robustListHead
        thread.processorOffsetNanoseconds = processorNanoseconds
        VectorState.install(vectorState, in: context)
    }
}
