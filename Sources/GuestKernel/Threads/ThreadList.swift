import Glibc
import Synchronization

/// The living threads of the guest.
final class ThreadList: Sendable {
    private struct State {
        var threads: [GuestThread] = []
        /// How often a thread has come or gone.
        var changeCount: UInt64 = 0
        var nextTid: Int32
        /// exit(2)'s status of the thread that left last.
        var lastExitStatus: Int32 = 0
    }

    /// Thread ids other than the first thread's come from above every pid that a kernel gives out
    /// (pid_max is at most 4 Mi), fit the 30 bits of a robust futex, and the 28 that a CPU clock's
    /// identity leaves for them (MAKE_THREAD_CPUCLOCK in include/linux/posix-timers.h).
    static let firstTid: Int32 = 0x40_0001
    static let lastTid: Int32 = 0xfff_ffff

    private let state = Mutex(State(nextTid: ThreadList.firstTid))

    func allocateTid() -> Int32 {
        state.withLock { state in
            while true {
                let tid = state.nextTid
                state.nextTid = tid == ThreadList.lastTid ? ThreadList.firstTid : tid + 1
                if !state.threads.contains(where: { $0.tid == tid }) { return tid }
            }
        }
    }

    /// The thread id that is given out next, unless it is taken. Whoever sets it has it from a record.
    var nextTid: Int32 {
        get { state.withLock { $0.nextTid } }
        set { state.withLock { $0.nextTid = newValue } }
    }

    /// The guest's exit status once no thread is left.
    var lastExitStatus: Int32 { state.withLock { $0.lastExitStatus } }

    /// Adds a thread before it runs, so that a coordinator counts it as not stopped until its first safe point.
    func add(_ thread: GuestThread) {
        state.withLock { state in
            state.threads.append(thread)
            state.changeCount += 1
        }
    }

    /// Puts a thread in another's place, so that there is never none.
    func replace(_ old: GuestThread, by new: GuestThread) {
        state.withLock { state in
            state.threads.removeAll { $0 === old }
            state.threads.append(new)
            state.changeCount += 1
        }
    }

    /// Takes a thread out; returns how many remain.
    func remove(_ thread: GuestThread) -> Int {
        state.withLock { state in
            state.threads.removeAll { $0 === thread }
            state.changeCount += 1
            state.lastExitStatus = thread.exitStatus
            return state.threads.count
        }
    }

    /// A thread that is on its way out is no longer found: who joined it must get ESRCH.
    func find(tid: Int32) -> GuestThread? {
        state.withLock { $0.threads.first { $0.tid == tid && !$0.mustEnd.load(ordering: .acquiring) } }
    }

    /// The same, of threads that are on their way out as well.
    func findAny(tid: Int32) -> GuestThread? {
        state.withLock { $0.threads.first { $0.tid == tid } }
    }

    func snapshot() -> [GuestThread] {
        state.withLock { $0.threads }
    }

    /// `body` runs under the list's lock: it takes no other lock and does not block.
    func visit(_ body: (GuestThread) -> Void) {
        state.withLock { state in
            for thread in state.threads { body(thread) }
        }
    }

    func allStopped(except caller: GuestThread?) -> Bool {
        state.withLock { state in
            state.threads.allSatisfy {
                $0 === caller || $0.phase.load(ordering: .sequentiallyConsistent) != ThreadPhase.active
            }
        }
    }

    /// nil unless all of them wait, outside of any stop.
    func idleMark() -> IdleMark? {
        state.withLock { state in
            var waits: UInt64 = 0
            for thread in state.threads {
                guard thread.phase.load(ordering: .sequentiallyConsistent) == ThreadPhase.waiting else { return nil }
                waits &+= thread.waitCount.load(ordering: .relaxed)
            }
            return IdleMark(threadChanges: state.changeCount, waits: waits)
        }
    }

    var count: Int {
        state.withLock { $0.threads.count }
    }
}
