import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Where a thread stands, as a coordinator sees it (architecture §3).
enum ThreadPhase {
    /// Running guest code, or in the supervisor and possibly touching guest memory.
    static let active: UInt32 = 0
    /// Blocked in a wait that touches no guest memory.
    static let waiting: UInt32 = 1
    /// Held at a safe point.
    static let parked: UInt32 = 2
}

/// Stops all guest threads at safe points, and lets them go on.
///
/// The protocol is a pair of store-then-load handshakes (all sequentially consistent): a thread
/// that comes back from a wait publishes `active` and then reads `requested`; the coordinator
/// publishes `requested` and then reads the phases. So either the thread sees the stop and parks,
/// or the coordinator sees it active and waits for it.
public final class StopGate: Sendable {
    /// 1 while a stop is on; parked threads sleep on it.
    private let requested = Atomic<UInt32>(0)
    /// Counts phase changes made while a stop is on; the coordinator sleeps on it.
    private let changes = Atomic<UInt32>(0)
    /// 1 while somebody coordinates.
    private let isCoordinated = Atomic<UInt32>(0)
    /// Who waits for the next checkpoint.
    public let demand = CheckpointDemand()

    var isRequested: Bool {
        requested.load(ordering: .sequentiallyConsistent) == 1
    }

    // MARK: - The threads' side

    /// `cuts`: the thread may cut the epoch that is wanted first. Not one that goes on at once or in a moment, or waits
    /// for something that takes its time without being told (a disk).
    func beginWaiting(_ thread: GuestThread, cuts: Bool = false) {
        if thread.kernel.testsWaits { thread.kernel.testWait() }
        thread.noteWait()
        thread.phase.store(ThreadPhase.waiting, ordering: .sequentiallyConsistent)
        if isRequested { announceChange() }
        guard demand.isWanted, thread.kernel.threads.allStopped(except: nil) else { return }
        // One that was woken already goes on at once, and has something else to do.
        if !cuts || thread.isWokenUp || !demand.cutHere(thread) { demand.raise() }
    }

    /// Whether the thread cuts an epoch once it waits, too. One that can find out that it need not wait does so before:
    /// what it does next then goes into the same epoch.
    func isAboutToCut(_ thread: GuestThread) -> Bool {
        demand.isWanted && demand.isCutByGuest && !thread.kernel.hasRelatives
            && thread.kernel.threads.allStopped(except: thread)
    }

    /// Parks when a stop is on: nothing of the guest is touched before the stop is over.
    func endWaiting(_ thread: GuestThread) {
        thread.phase.store(ThreadPhase.active, ordering: .sequentiallyConsistent)
        if isRequested { park(thread) }
    }

    /// A safe point: parks for as long as a stop is on. The caller holds no lock.
    func park(_ thread: GuestThread) {
        while isRequested {
            thread.phase.store(ThreadPhase.parked, ordering: .sequentiallyConsistent)
            announceChange()
            while isRequested { HostFutex.wait(requested, while: 1) }
            thread.phase.store(ThreadPhase.active, ordering: .sequentiallyConsistent)
        }
    }

    /// A thread has left the list, or changed phase.
    func announceChange() {
        changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(changes)
    }

    // MARK: - The coordinator's side

    /// Stops every thread of `kernel` but `caller`. Only one coordinates at a time: a guest thread
    /// that loses the race parks, anybody else waits.
    public func stop(_ kernel: GuestKernel, caller: GuestThread? = nil) {
        while !tryCoordinate() { waitForCoordination(caller) }
        stopThreads(of: kernel, except: caller)
    }

    /// Who coordinates may not have stopped the others yet: a guest thread is parked already, so that nobody waits for
    /// it then.
    private func waitForCoordination(_ caller: GuestThread?) {
        caller?.phase.store(ThreadPhase.parked, ordering: .sequentiallyConsistent)
        if caller != nil, isRequested { announceChange() }
        HostFutex.wait(isCoordinated, while: 1, timeoutNanoseconds: 1_000_000)
        guard let caller else { return }
        caller.phase.store(ThreadPhase.active, ordering: .sequentiallyConsistent)
        park(caller)
    }

    /// Ends the stop.
    public func resume() {
        resumeThreads()
        endCoordination()
    }

    /// The parts of `stop` and `resume`, for a guest thread that coordinates while it waits: nobody else stops the
    /// guest, and none of its threads forks, until it has ended its coordination. False where somebody else does.
    public func tryCoordinate() -> Bool {
        isCoordinated.compareExchange(expected: 0, desired: 1, ordering: .sequentiallyConsistent).exchanged
    }

    public func stopThreads(of kernel: GuestKernel, except caller: GuestThread?) {
        requested.store(1, ordering: .sequentiallyConsistent)
        kernel.threads.visit { thread in
            if thread !== caller { guest_context_request_stop(thread.context) }
        }
        while true {
            let seen = changes.load(ordering: .sequentiallyConsistent)
            if kernel.threads.allStopped(except: caller) { return }
            HostFutex.wait(changes, while: seen)
        }
    }

    public func resumeThreads() {
        requested.store(0, ordering: .sequentiallyConsistent)
        HostFutex.wake(requested)
    }

    public func endCoordination() {
        isCoordinated.store(0, ordering: .sequentiallyConsistent)
        HostFutex.wake(isCoordinated)
    }
}
