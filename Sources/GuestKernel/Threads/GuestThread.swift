public import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// One guest thread: its machine state, and what the guest's kernel knows of it.
///
/// Sound as `@unchecked Sendable`: plain fields are touched by the thread itself only, or while
/// every thread is stopped; what others touch is atomic or guarded by a lock named at the field.
public final class GuestThread: @unchecked Sendable {
    /// Sound as unowned(unsafe): the kernel outlives every thread; saves a reference count per call.
    public unowned(unsafe) let kernel: GuestKernel
    public let context: UnsafeMutablePointer<guest_context>
    /// The guest's thread id.
    public let tid: Int32

    // MARK: - Seen by other threads

    /// ThreadPhase.
    let phase = Atomic<UInt32>(ThreadPhase.active)
    /// SleepKind.
    let sleepKind = Atomic<UInt32>(SleepKind.none)
    /// Becomes 1 when a sleep is to end.
    let wakeWord = Atomic<UInt32>(0)
    /// Nonzero: this thread alone is to end (not used for the end of the process).
    let mustEnd = Atomic<Bool>(false)

    /// Guarded by the signal table's lock.
    var signals = ThreadSignals()

    /// Guarded by the futex table's lock: the thread ends, and has handed over the locks that it had.
    var hasLeftFutexes = false

    // MARK: - The thread's own

    /// Set before the thread runs.
    var origin = ThreadOrigin.cloned
    /// Processor time that the thread had used before this process took over; set before the thread runs.
    var processorOffsetNanoseconds: UInt64 = 0
    public var waiter = WaiterRecord()
    /// Counts the thread's waits, and what it does itself in one: what it is between two of the same count has not run.
    let waitCount = Atomic<UInt64>(0)
    /// Its record at the last checkpoint that met it in a wait; used while every thread is stopped.
    var keptRecord: KeptThreadRecord?
    /// The syscall being done, for one that is made again after an interruption.
    var lastCallNumber: UInt64 = 0
    /// What an interrupted call returned (`Restart`), until it is settled; 0 when there is none.
    var interruptedResult = 0
    /// Set by a call that has put the registers in place itself (rt_sigreturn).
    var replacesRegisters = false
    /// exit(2)'s status, which counts when the thread was the last.
    var exitStatus: Int32 = 0
    /// The guest's altstack (sigaltstack(2)).
    var alternateStack = AlternateStack()
    /// The mask to restore after the handler that ended a sigsuspend, ppoll or the like.
    var savedMask: UInt64?
    /// set_tid_address(2) and CLONE_CHILD_CLEARTID.
    var clearChildTid: UInt64 = 0
    /// set_robust_list(2).
    var robustListHead: UInt64 = 0
    /// While the thread waits for the child of its vfork.
    var parentHold: ParentHold?
    /// Another thread has taken this one's place, with another program: nothing of the guest's ends with it.
    var isReplaced = false
    private let nameState: Mutex<[UInt8]>
    /// Calls by number, and behind them those that a signal brought here; added to the statistics when the thread ends.
    let callCounts: UnsafeMutablePointer<UInt64>
    static let caughtIndex = SyscallTable.count
    static let callCountsCount = SyscallTable.count + 1
    let callHeat: CallHeat
    /// Of calls that are tampered with, and of the one that is being made (GUEST_TRACE_INJECTED).
    lazy var injectionCounters = InjectionCounters()
    var traceFlags: UInt64 = 0
    /// Caches of what a stack was walked by; large, and few threads are traced so.
    lazy var guestStack = GuestStack()
    /// The thread's own scratch memory: poll entries, I/O vectors, epoll events, bounce buffers.
    let scratch: UnsafeMutableRawPointer
    static let scratchByteCount = 64 << 10

    init(kernel: GuestKernel, tid: Int32, name: [UInt8]) throws(GuestThreadError) {
        guard let context = guest_context_create() else { throw GuestThreadError.noContext }
        self.kernel = kernel
        self.context = context
        self.tid = tid
        nameState = Mutex(name)
        callHeat = CallHeat(hotCount: kernel.configuration.rewritesAfter)
        callCounts = .allocate(capacity: GuestThread.callCountsCount)
        callCounts.initialize(repeating: 0, count: GuestThread.callCountsCount)
        scratch = .allocate(byteCount: GuestThread.scratchByteCount, alignment: 64)
        // A thread's first act is a safe point: a stop may be on, or a signal may be waiting.
        context.pointee.stop = 1
        context.pointee.guest_pid = kernel.identity.pid
        context.pointee.guest_tid = tid
        context.pointee.guest_parent_pid = kernel.identity.currentParentPid
        context.pointee.call_counts = callCounts
        context.pointee.makes_calls = 1
        if !kernel.callSites.hasGS { guest_context_release_gs(context) }
        GuestVdso.setClocks(context, kernel.clock)
        startTrace()
    }

    deinit {
        guest_context_destroy(context)
        callCounts.deallocate()
        callHeat.deallocate()
        scratch.deallocate()
    }

    /// The thread's name (PR_SET_NAME), at most 15 bytes. Others read and write it through /proc/self/task.
    var name: [UInt8] {
        get { nameState.withLock { $0 } }
        set { nameState.withLock { $0 = newValue } }
    }

    /// Something about the thread is not as it was when it began to wait, or it begins another wait. By itself alone.
    public func noteWait() {
        waitCount.store(waitCount.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    /// Makes the thread come to its safe point before it runs guest code again, and ends its wait.
    func requestAttention() {
        guest_context_request_stop(context)
        wakeUp()
    }
}

/// How a thread came into being.
enum ThreadOrigin {
    /// By the program's start, on a host thread that the supervisor's own made.
    case first
    /// By a thread of the guest's, whose seccomp filter its host thread has inherited.
    case cloned
    /// From a record, on a host thread that the supervisor's own made.
    case restored
    /// As a child's first, in a process whose threads all have the parent's seccomp filter.
    case forked
    /// By execve(2), in the place of the thread that made it.
    case executed

    /// Whether its host thread has inherited a filter.
    var hasFilter: Bool {
        switch self {
        case .first, .restored: return false
        case .cloned, .forked, .executed: return true
        }
    }
}

public enum GuestThreadError: Error {
    /// Neither memory for the context, nor room for this CPU's vector state.
    case noContext
}
