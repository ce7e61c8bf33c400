import CGuestEntry
import Glibc
public import GuestMemory
public import RecordCoding
import Synchronization

extension GuestKernel {
    /// Has made once what every kernel needs and makes at its first use, which takes a millisecond of a takeover.
    public static func warmUp() {
        _ = Dispatcher()
    }

    /// Makes the kernel of a guest that goes on in this process, on the memory that it has: `handed` are host
    /// descriptors that the other side has given for objects, by the objects' identity. Nothing runs before
    /// `startRestoredThreads`.
    public convenience init(
        restoring records: RecordSet, configuration: GuestConfiguration, memory: AddressSpace,
        handed: [UInt64: Int32]
    ) throws(RestoreError) {
        let decoded = try KernelRecords(records)
        self.init(
            configuration: configuration, memory: memory,
            start: KernelStart(
                clock: GuestClock(from: decoded.clock), identity: GuestIdentity(from: decoded.process),
                limits: ResourceLimits(decoded.process.limits), signals: SignalTable(from: decoded.signals),
                callSites: CallSiteTable(decoded.callSites.state, adds: configuration.rewrites)))
        enterWorkingDirectory(decoded.process.workingDirectory)
        setProgram(decoded.program)
        reported.withLock { $0 = Set(decoded.process.reported) }
        threads.nextTid = decoded.process.nextTid
        for record in decoded.threads { try restore(record) }
        // The threads that were waiting are in the table, and so will be those who wake them.
        futexes.usesHost.store(false, ordering: .relaxed)
        futexes.restore(decoded.futexes, self)
        timers.restore(decoded.timers)
        for child in children.restore(decoded.children) { tellOfEnd(child) }
        try ObjectRestore.restore(self, from: records, handed: handed)
        if let ended = decoded.process.end { end(ended) }
    }

    private func restore(_ record: ThreadRecord) throws(RestoreError) {
        guard let thread = try? GuestThread(kernel: self, tid: record.tid, name: record.name) else {
            throw RestoreError("there is no memory for the guest's thread \(record.tid)", errno: ENOMEM)
        }
        record.install(in: thread)
        thread.origin = .restored
        threads.add(thread)
    }

    /// Starts every thread of a restored guest on a host thread of its own, and the timers. 0 or an errno, and then
    /// nothing has run.
    public func startRestoredThreads() -> Int32 {
        if isEnding { return 0 }
        LateBinding.startAll(self)
        let start = RestoredStart()
        let restored = threads.snapshot()
        nameChanges.begin(restored.count { $0.waiter.isAboutToChangeName })
        for thread in restored {
            let result = run(thread, after: start)
            if result != 0 {
                start.decide(.abandoned)
                return result
            }
            statistics.countThread()
            threadStarted()
        }
        let result = timers.resume(self)
        start.decide(result == 0 ? .go : .abandoned)
        return result
    }

    private func run(_ thread: GuestThread, after start: RestoredStart) -> Int32 {
        HostThread.start(mask: HostSignals.guestThreadMask) { [self] in
            guard start.wait() == .go else { return threadLeft() }
            thread.nameHostThread()
            runToEnd(thread)
        }
    }
}

/// Holds the first steps of restored threads back until all of them have a host thread.
private final class RestoredStart: Sendable {
    enum Decision: UInt32 {
        case open, go, abandoned
    }

    private let word = Atomic<UInt32>(Decision.open.rawValue)

    func decide(_ decision: Decision) {
        word.store(decision.rawValue, ordering: .sequentiallyConsistent)
        HostFutex.wake(word)
    }

    func wait() -> Decision {
        while true {
            let decision = Decision(rawValue: word.load(ordering: .sequentiallyConsistent)) ?? .abandoned
            if decision != .open { return decision }
            HostFutex.wait(word, while: Decision.open.rawValue)
        }
    }
}

extension GuestKernel {
    /// Enters the guest's working directory. Where this machine does not have it, or the guest had removed it, the
    /// guest is put into a directory that has been removed: what it names from there is not found, and nothing of it
    /// ends up in a place that it does not mean.
    private func enterWorkingDirectory(_ path: [UInt8]?) {
        defer { paths.workingDirectoryChanged() }
        if let path {
            let result = DirectoryCalls.enter(self, path)
            if result == 0 { return }
            let shown = String(decoding: path, as: UTF8.self)
            configuration.report(
                "the guest's working directory \(shown) cannot be entered here (errno \(-result)): relative paths fail")
        }
        var template = Array("/tmp/understudy-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return }
        _ = chdir(template)
        _ = rmdir(template)
    }
}
