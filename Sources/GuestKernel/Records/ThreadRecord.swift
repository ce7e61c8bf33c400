import CGuestEntry
import RecordCoding

/// One thread of the guest at a safe point, or in a call that it makes again on a mirror.
struct ThreadRecord: Sendable {
    var tid: Int32
    var name: [UInt8]
    /// r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags, FS and GS base: the context's order.
    var registers: [UInt64]
    /// Whether the guest is entered with every register, or as after a syscall.
    var resumesInFull: Bool
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
    /// XSAVE's image in the standard format, up to the last component in use.
    var vectorState: [UInt8]

    private static let registerCount = Int(CONTEXT_HOST_RSP) / 8
    private static let nameByteCountMax = 15
    /// What the fields take at most besides name, pending signals and vector state.
    private static let fixedByteCount = 384

    /// Decodes a thread's record. That its vector state is one that this CPU can load is seen when it is loaded.
    init(tid: Int32, decoding bytes: [UInt8]) throws(RecordError) {
        self.tid = tid
        var reader = RecordReader(bytes)
        name = try reader.getBytes()
        guard name.count <= ThreadRecord.nameByteCountMax else { throw .isMalformed }
        registers = []
        registers.reserveCapacity(ThreadRecord.registerCount)
        for _ in 0..<ThreadRecord.registerCount { registers.append(try reader.get()) }
        // The last two: a base that is not canonical faults in the supervisor, and the guest cannot have set one.
        guard registers.suffix(2).allSatisfy({ $0 < 1 << 47 }) else { throw .isMalformed }
        resumesInFull = try reader.getFlag()
        signals = try ThreadSignals(from: &reader)
        waiter = try WaiterRecord(from: &reader)
        lastCallNumber = try reader.get()
        interruptedResult = Int(try reader.get(Int64.self))
        guard interruptedResult == 0 || Restart.contains(interruptedResult) else { throw .isMalformed }
        mustEnd = try reader.getFlag()
        exitStatus = try reader.get()
        alternateStack = AlternateStack(base: try reader.get(), byteCount: try reader.get(), flags: try reader.get())
        savedMask = try reader.getOptional()
        clearChildTid = try reader.get()
        robustListHead = try reader.get()
        vectorState = try reader.getBytes()
        guard vectorState.count >= VectorState.headerEnd else { throw .isMalformed }
        try reader.finish()
    }

    /// A thread's record, straight from the thread, which is stopped. `signals` are its own, read under their lock.
    static func encoded(_ thread: GuestThread, _ signals: ThreadSignals) -> [UInt8] {
        let vectorByteCount = VectorState.byteCountInUse(thread.context)
        let queueByteCount = signals.pending.queue.count * MemoryLayout<SignalInfo>.size
        var writer = RecordWriter(capacity: fixedByteCount + queueByteCount + vectorByteCount)
        writer.put(thread.name)
        let registers = UnsafeRawBufferPointer(start: thread.context, count: registerCount * 8)
        writer.putRaw(registers)
        writer.put(thread.context.pointee.resume_full != 0)
        signals.write(to: &writer)
        thread.waiter.write(to: &writer)
        writer.put(thread.lastCallNumber)
        writer.put(Int64(thread.interruptedResult))
        writer.put(thread.mustEnd.load(ordering: .acquiring))
        writer.put(thread.exitStatus)
        writer.put(thread.alternateStack.base)
        writer.put(thread.alternateStack.byteCount)
        writer.put(thread.alternateStack.flags)
        writer.put(thread.savedMask)
        writer.put(thread.clearChildTid)
        writer.put(thread.robustListHead)
        writer.put(UInt32(vectorByteCount))
        writer.putRaw(
            UnsafeRawBufferPointer(start: guest_context_xsave_area(thread.context), count: vectorByteCount))
        return writer.bytes
    }

    /// Gives a thread that has not run yet the record's state. False when its vector state cannot be loaded here.
    func install(in thread: GuestThread) -> Bool {
        let context = thread.context
        registers.withUnsafeBytes { bytes in
            UnsafeMutableRawPointer(context).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        }
        context.pointee.rflags = guest_sanitised_flags(context.pointee.rflags)
        context.pointee.resume_full = resumesInFull ? 1 : 0
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
        return VectorState.install(vectorState, in: context)
    }
}
