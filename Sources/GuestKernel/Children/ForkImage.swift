import CGuestEntry
import Glibc
import GuestMemory

/// What a forked process starts from, taken by its parent with every thread of the guest's stopped.
///
/// All that has a lock is copied, or made anew from plain values: a lock of the parent's may be held, at that moment,
/// by a thread of its supervisor's, and nobody would ever give its copy back. What is shared instead are immutable
/// objects, and open files, which only guest threads use.
///
/// Sound as `@unchecked Sendable`: the parent makes it and does not look at it again, the child has its own copy.
final class ForkImage: @unchecked Sendable {
    let request: ForkRequest
    let configuration: GuestConfiguration
    let memory: AddressSpace
    let clock: GuestClock
    let parent: GuestIdentity.Parent
    /// Pids that mean another process to the guest: one that is given such a pid ends before it has done anything, and
    /// its parent forks again.
    let takenPids: Set<Int32>
    let limits: [ResourceLimits.Limit]
    let actions: [SignalAction]
    let callSites: CallSiteTable.State
    /// The open files, and which of them each descriptor stands for.
    let files: [InheritedFile]
    let descriptors: [(number: Int32, file: Int, closesOnExec: Bool)]
    /// The host descriptors that the child keeps, ascending: the guest's, and the one for Understudy's own messages.
    let keptDescriptors: [Int32]
    let descriptorLimit: Int
    let segments: SegmentRecord
    let program: GuestProgram
    let reported: Set<String>
    let mounts: GuestMounts?
    let networkObjectNumber: UInt64
    var thread: ThreadRecord
    /// What its parent's journal of volumes has for it; nil where it has none.
    let volumes: ForkedVolumes?
    let stopOrder: StopOrder?
    /// Both ends of what holds the parent of vfork; nil where nobody waits.
    let hold: ParentHold?
    /// By which the child says that it has another program; nil where that makes no difference.
    let execution: ExecutionMark?

    init(of thread: GuestThread, _ request: ForkRequest, hold: ParentHold?, _ volumes: ForkedVolumes?) {
        let kernel = thread.kernel
        self.request = request
        self.volumes = volumes
        self.hold = hold
        stopOrder = kernel.stopOrder
        execution = request.exitSignal == SIGCHLD ? nil : ExecutionMark()
        configuration = kernel.configuration.forChild
        memory = AddressSpace(forking: kernel.memory)
        clock = kernel.clock
        parent = kernel.identity.asParent
        takenPids = kernel.children.pids.union([kernel.identity.pid])
        limits = kernel.limits.all
        let signals = kernel.signals.state.withLock { state in
            (state.actions, thread.signals)
        }
        actions = signals.0
        callSites = kernel.callSites.state
        var kept: Set<Int32> = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        var files: [InheritedFile] = []
        var indices: [UInt64: Int] = [:]
        descriptors = kernel.files.allEntries().map { number, entry in
            let index = indices[entry.file.identity] ?? files.count
            if index == files.count {
                indices[entry.file.identity] = index
                files.append(InheritedFile(entry.file))
                kept.formUnion(entry.file.hostDescriptors)
            }
            return (number, index, entry.closesOnExec)
        }
        segments = kernel.segments.record
        for file in kernel.segments.files {
            files.append(InheritedFile(file))
            kept.formUnion(file.hostDescriptors)
        }
        self.files = files
        kept.formUnion(kernel.paths.mounts?.hostDescriptors ?? [])
        kept.formUnion(configuration.tracing?.hostDescriptors ?? [])
        if let hold { kept.insert(hold.writeEnd) }
        if configuration.lifeDescriptor >= 0 { kept.insert(configuration.lifeDescriptor) }
        keptDescriptors = kept.sorted()
        descriptorLimit = kernel.files.limit
        program = kernel.program
        reported = kernel.reported.withLock { $0 }
        mounts = kernel.paths.mounts
        networkObjectNumber = kernel.network.objectNumber
        var record = ThreadRecord(of: thread, signals.1)
        record.beginAsChild(request)
        self.thread = record
    }
}

extension ThreadRecord {
    /// What of its parent's thread a child's first one does not have (copy_process in kernel/fork.c).
    fileprivate mutating func beginAsChild(_ request: ForkRequest) {
        signals.pending = PendingSignals()
        signals.awaited = 0
        waiter = WaiterRecord()
        interruptedResult = 0
        mustEnd = false
        savedMask = nil
        clearChildTid = request.clearedTid
        robustListHead = 0
        processorNanoseconds = 0
        // A stack of its own in memory that both have: the handlers' is the parent's.
        if request.sharesMemory, !request.holdsParent { alternateStack = AlternateStack() }
        setRegister(at: CONTEXT_RAX, 0)
        if request.stackPointer != 0 { setRegister(at: CONTEXT_RSP, request.stackPointer) }
        if let tls = request.tls { setRegister(at: CONTEXT_FS_BASE, tls) }
    }
}
