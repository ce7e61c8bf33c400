import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// rt_sigaction(2)'s structure as the kernel has it.
struct SignalAction: Sendable, BitwiseCopyable, Equatable {
    var handler: UInt64 = 0
    var flags: UInt64 = 0
    var restorer: UInt64 = 0
    var mask: UInt64 = 0

    static let defaultHandler: UInt64 = 0
    static let ignoreHandler: UInt64 = 1

    static let onStack: UInt64 = 0x0800_0000
    static let restart: UInt64 = 0x1000_0000
    static let noDefer: UInt64 = 0x4000_0000
    static let resetHandler: UInt64 = 0x8000_0000
    static let restorerFlag: UInt64 = 0x0400_0000
    static let noChildStop: UInt64 = 1
    static let noChildWait: UInt64 = 2
    /// All that the kernel knows: the others are cleared, so that a program can find out (sigaction(2)).
    static let knownFlags: UInt64 =
        noChildStop | noChildWait | 4 | 0x800 | restorerFlag | onStack | restart | noDefer | resetHandler
}

/// The process's signal actions and pending signals; its lock also guards every thread's mask and
/// pending set. Lock order: signal table before thread list.
final class SignalTable: Sendable {
    struct State {
        var actions = [SignalAction](repeating: SignalAction(), count: SignalTable.actionCount)
        var shared = PendingSignals()
        /// Stopped by SIGSTOP, SIGTSTP and the like until SIGCONT.
        var isStopped = false
        /// The signal that the host is still to stop the process by (`stopWhereAsked`); 0 for none.
        var hostStopSignal: Int32 = 0
        /// Descriptors of signalfd(2) to be told of new signals.
        var watchers: [SignalWatcher] = []
    }

    /// One for each signal; number 0 is none.
    static let actionCount = Int(SignalSet.count) + 1

    let state = Mutex(State())
    /// 1 while the process is stopped by job control; stopped threads sleep on it.
    let stoppedWord = Atomic<UInt32>(0)

    /// Signals that were ignored before execve(2) stay ignored.
    init(ignored: UInt64) {
        state.withLock { state in
            for signal in 1...SignalSet.count where ignored & SignalSet.bit(signal) != 0 {
                state.actions[Int(signal)].handler = SignalAction.ignoreHandler
            }
        }
    }

    /// A child's: the same actions, and nothing pending.
    init(actions: [SignalAction]) {
        state.withLock { $0.actions = actions }
    }

    /// execve(2): handlers are gone with the program that they were of; what is ignored stays ignored.
    func forgetHandlers() {
        state.withLock { state in
            for signal in state.actions.indices where state.actions[signal].handler != SignalAction.ignoreHandler {
                state.actions[signal] = SignalAction()
            }
        }
    }

    /// A guest that goes on: descriptors that watch signals put themselves in again.
    init(from record: SignalRecord) {
        state.withLock { state in
            state.actions = record.actions
            state.shared = record.shared
            state.isStopped = record.isStopped
        }
        stoppedWord.store(record.isStopped ? 1 : 0, ordering: .sequentiallyConsistent)
    }

    func action(for signal: Int32) -> SignalAction {
        state.withLock { $0.actions[Int(signal)] }
    }
}
