import CGuestEntry
import Glibc
public import GuestMemory
import Synchronization
public import Volumes

/// How syscalls are caught.
public enum DispatchMethod: Int32, Sendable, CaseIterable {
    case inclusive = 1
    case selector = 2
    case seccomp = 3
}

/// What a guest is started with, other than its program.
public struct GuestConfiguration: Sendable {
    public var dispatch: DispatchMethod
    /// What RLIMIT_STACK was before the supervisor lowered its own; nil when it did not.
    public var originalStackLimit: Limit?
    /// What execve(2) hands on: the signals that are blocked, and those that are ignored (bit n-1 for signal n).
    public var signalMask: UInt64 = 0
    public var ignoredSignals: UInt64 = 0
    /// Whether call sites may be rewritten.
    public var rewrites = true
    /// Calls by way of a signal after which their site is. Rewriting takes as long as some 30 of them.
    public var rewritesAfter: UInt32 = 32
    /// Whether there is a mirror: what the outside could observe is held until its epoch is committed.
    public var replicates = false
    /// A guest that goes on here gets these descriptors of this process where it had such numbers from outside.
    public var outsideDescriptors: Set<Int32> = [0, 1, 2]
    /// A guest that goes on here was on this machine before: a file that has the number of one of its files is that.
    public var sharesMachineWithPrimary = false
    /// The directories whose files are replicated.
    public var volumes: [VolumePlace] = []
    /// Whether the guest may write to no other files: there is a mirror, which would not have them.
    public var confinesWrites = false
    /// Paths outside the volumes that the guest may write to all the same while it is replicated.
    public var writableExceptions: [String] = []
    /// A guest that goes on here: the files in its volumes that it has open, by the identity of their description.
    public var restoredFiles: [UInt64: Int32] = [:]
    /// The same: the files that its memory objects are here, by what they were on the primary.
    public var restoredObjects: [FileNumber: Int32] = [:]
    /// How its calls are traced; nil for not at all.
    public var tracing: GuestTracing?
    /// Lives as this process does in the forked process of a child, on a thread of its own: it is given the child's
    /// kernel and what starts its thread, and does not return. Nil where there are no children.
    public var runForkedProcess: (@Sendable (GuestKernel, () -> Int32) -> Void)?
    /// A pidfd of the process that its children do not outlive; -1 where they may.
    public var lifeDescriptor: Int32 = -1
    /// Where a test has this process die; nil but in tests.
    public var testFault: TestFault?
    /// Receives one line, without its newline, that Understudy has to say about the guest.
    public var report: @Sendable (String) -> Void

    /// A resource limit as prlimit(2) has it.
    public struct Limit: Sendable {
        public let soft: UInt64
        public let hard: UInt64

        public init(soft: UInt64, hard: UInt64) {
            self.soft = soft
            self.hard = hard
        }
    }

    /// The same for a child of the guest's: nobody replicates it but what it does to volumes (`VolumeJournal`), and its
    /// output is not held.
    var forChild: GuestConfiguration {
        var child = self
        child.replicates = false
        child.tracing = tracing?.forked
        child.testFault = testFault?.point == .childChange ? testFault : nil
        child.restoredFiles = [:]
        child.restoredObjects = [:]
        return child
    }

    public init(dispatch: DispatchMethod, report: @escaping @Sendable (String) -> Void) {
        self.dispatch = dispatch
        self.report = report
    }
}

/// How the guest ended.
public enum GuestEnd: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
}

/// The kernel that the guest sees: everything that its syscalls are about, but its memory's pages.
///
/// Lock order: signal table → thread list → address space, call sites → address space; futex buckets, file table
/// and the objects' own locks are leaves. Nobody parks or sleeps while holding any of them.
public final class GuestKernel: @unchecked Sendable {
    // Sound as unchecked: every stored property is a `let` of a Sendable type, or set once before
    // the first guest thread runs (`program` and its record).
    public let configuration: GuestConfiguration
    public let memory: AddressSpace
    public let gate = StopGate()
    public let clock: GuestClock
    public let identity: GuestIdentity
    public let files: FileTable
    /// What is held of the guest's output; nil where nothing is.
    public let output: OutputGate?
    /// What the guest did to the files of its volumes; nil without a mirror.
    public let volumes: VolumeJournal?
    let nameChanges = NameChanges()
    /// What a takeover has not written out yet.
    public let unemitted = UnemittedOutput()
    let dispatcher = Dispatcher()
    let statistics = SyscallStatistics()
    let threads = ThreadList()
    let signals: SignalTable
    let futexes = FutexTable()
    let timers = TimerService()
    let callSites: CallSiteTable
    let tracing: GuestTracing?
    let network = GuestNetwork()
    let children = ChildTable()
    let segments = SegmentTable()
    /// Nil without memory for it.
    let stopOrder: StopOrder?
    /// In a child of vfork's, what its parent waits for (`ParentHold`); -1 for nothing.
    let parentHold = Atomic<Int32>(-1)
    /// In a child whose exit signal is not SIGCHLD: how its parent hears of its execve.
    var execution: ExecutionMark?
    /// Set by the thread that makes an execve that will succeed.
    let isExecuting = Atomic<Bool>(false)
    let limits: ResourceLimits
    let paths: PathResolver
    /// What a test's fault is to hear of: asked at each call and each wait.
    let testsCalls: Bool
    let testsWaits: Bool
    /// The program's path, arguments and auxiliary vector, for /proc/self; set by the loader.
    public private(set) var program = GuestProgram()
    /// Encoded once, as a program does not change as it runs.
    private(set) var programRecord: [UInt8] = []

    /// Sockets whose names were not to be had when they were restored, until somebody tries again.
    var lateBindings: [LateBinding] = []

    // Touched by who makes a checkpoint, with the guest stopped.
    var checkpointCount: UInt64 = 0
    /// How many records the last checkpoint had.
    var lastRecordCount = 0

    /// Takes what the host has of a set of signals for the guest by now, and says whether there was any; nil before
    /// there is anybody who does.
    private(set) var takeHostSignals: (@Sendable (GuestKernel, UInt64) -> Bool)?

    /// Lines that were said once and are not to be said again.
    let reported = Mutex<Set<String>>([])
    private let endState = Mutex<GuestEnd?>(nil)
    private let endWord = Atomic<UInt32>(0)
    private let liveThreads = Atomic<UInt32>(0)

    /// A kernel for a guest that starts here.
    public convenience init(configuration: GuestConfiguration, memory: AddressSpace) {
        self.init(
            configuration: configuration, memory: memory,
            start: KernelStart(
                clock: GuestClock(), identity: GuestIdentity(),
                limits: ResourceLimits(originalStack: configuration.originalStackLimit),
                signals: SignalTable(ignored: configuration.ignoredSignals),
                callSites: CallSiteTable(adds: configuration.rewrites)))
    }

    /// What both ways of coming into being share; the other is `init(restoring:…)`.
    init(configuration: GuestConfiguration, memory: AddressSpace, start: KernelStart) {
        self.configuration = configuration
        self.memory = memory
        testsCalls = configuration.testFault?.point == .call
        testsWaits = configuration.testFault?.point == .wait
        clock = start.clock
        identity = start.identity
        limits = start.limits
        signals = start.signals
        callSites = start.callSites
        stopOrder = start.stopOrder ?? StopOrder()
        GuestKernel.raiseHostDescriptorLimit()
        guest_direct_set_memory_end(GuestLayout.arenaEnd)
        output =
            configuration.replicates
            ? OutputGate(
                demand: gate.demand, clock: clock, fault: configuration.testFault, trace: configuration.tracing?.area)
            : nil
        let knowsFiles = configuration.confinesWrites || !configuration.volumes.isEmpty
        tracing = configuration.tracing
        volumes =
            start.volumes ?? (configuration.replicates && knowsFiles ? VolumeJournal(VolumeRoots(configuration)) : nil)
        files = FileTable(output: output, allowsDirectCalls: !configuration.replicates)
        files.setLimit(limits.descriptorCountMax)
        futexes.usesHost.store(!configuration.replicates, ordering: .relaxed)
        paths = PathResolver(
            mounts: start.mounts ?? GuestMounts(configuration.volumes, report: configuration.report))
    }

    /// Who takes the process's signals, before the first thread runs.
    public func setSignalSource(_ take: @escaping @Sendable (GuestKernel, UInt64) -> Bool) {
        takeHostSignals = take
    }

    /// Says what the guest runs, before its first thread does.
    func setProgram(_ program: GuestProgram) {
        self.program = program
        programRecord = program.encoded()
    }

    // MARK: - The end

    var isEnding: Bool { endWord.load(ordering: .acquiring) == 1 }

    /// How the guest ended, once somebody has said so.
    var knownEnd: GuestEnd? { endState.withLock { $0 } }

    /// Ends the guest: the first to say how wins, and every thread leaves its loop at its next safe point.
    public func end(_ end: GuestEnd) {
        let isFirst = endState.withLock { state in
            if state != nil { return false }
            state = end
            return true
        }
        guard isFirst else { return }
        endWord.store(1, ordering: .sequentiallyConsistent)
        for thread in threads.snapshot() { thread.requestAttention() }
        signals.stoppedWord.store(0, ordering: .sequentiallyConsistent)
        HostFutex.wake(signals.stoppedWord)
        HostFutex.wake(endWord)
    }

    /// Sleeps until the guest has ended, and gives its threads a moment to leave.
    public func waitForEnd() -> GuestEnd {
        while !isEnding { HostFutex.wait(endWord, while: 0) }
        let patience = clock.monotonicNanoseconds() + 200_000_000
        while clock.monotonicNanoseconds() < patience {
            let remaining = liveThreads.load(ordering: .sequentiallyConsistent)
            if remaining == 0 { break }
            HostFutex.wait(liveThreads, while: remaining, timeoutNanoseconds: 10_000_000)
        }
        return knownEnd ?? .exited(0)
    }

    func threadStarted() {
        liveThreads.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    func threadLeft() {
        liveThreads.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(liveThreads)
    }
}

/// What of a kernel comes from outside where a guest starts, and from its records where it goes on.
struct KernelStart {
    var clock: GuestClock
    var identity: GuestIdentity
    var limits: ResourceLimits
    var signals: SignalTable
    var callSites: CallSiteTable
    /// Nil for those of the configuration's volumes.
    var mounts: GuestMounts?
    /// In a child of a guest whose volumes are replicated.
    var volumes: VolumeJournal?
    /// In a child: the one that it shares with its parent.
    var stopOrder: StopOrder?
}

/// What the guest runs, as /proc/self shows it.
public struct GuestProgram: Sendable {
    /// The executable's absolute path.
    public var path = ""
    public var arguments: [[UInt8]] = []
    public var environment: [[UInt8]] = []
    /// The auxiliary vector's bytes as they lie on the stack.
    public var auxiliaryVector: [UInt8] = []
    public var stack = AddressRange(start: 0, end: 0)
    public var entry: UInt64 = 0

    public init() {}
}
