import Glibc
import Synchronization

extension LifePage {
    /// The values of a role's word.
    private enum Life {
        static let notYet: UInt32 = 0
        static let held: UInt32 = 1
        static let gone: UInt32 = 2
    }

    /// What the holding thread has to say once: 1 and an errno, or 0 for success.
    private final class Start: Sendable {
        static let pending: UInt32 = 0
        let outcome = Atomic<UInt32>(pending)

        func finish(_ errno: Int32) {
            outcome.store(UInt32(bitPattern: errno) + 1, ordering: .sequentiallyConsistent)
            Futex.wakeAll(outcome)
        }

        /// Sleeps until it has.
        func errno() -> Int32 {
            while true {
                let outcome = outcome.load(ordering: .sequentiallyConsistent)
                if outcome != Start.pending { return Int32(bitPattern: outcome - 1) }
                Futex.wait(self.outcome, while: Start.pending)
            }
        }
    }

    /// Makes this process's death visible to the other. Returns once it is; a process does this once, in one role.
    public func hold(as role: PeerRole) throws(TransportError) {
        let start = Start()
        try HelperThread.start("the life page") { [self] in
            let result = lock(role)
            start.finish(result)
            guard result == 0 else { return }
            // The lock goes with this thread, so the thread lasts as long as the process.
            while true { asleep { _ = pause() } }
        }
        let result = start.errno()
        guard result == 0 else { throw .failed("cannot hold the life page as \(role)", result) }
    }

    private func lock(_ role: PeerRole) -> Int32 {
        let mutex = mutex(of: role)
        let result = pthread_mutex_trylock(mutex)
        guard result == 0 else {
            // Its holder has died: a page serves one process of each role.
            if result == EOWNERDEAD {
                pthread_mutex_consistent(mutex)
                lifeWord(of: role).pointee.store(Life.gone, ordering: .sequentiallyConsistent)
                pthread_mutex_unlock(mutex)
            }
            return result
        }
        let (isFirst, _) = lifeWord(of: role).pointee.compareExchange(
            expected: Life.notYet, desired: Life.held, ordering: .sequentiallyConsistent)
        guard isFirst else {
            pthread_mutex_unlock(mutex)
            return EOWNERDEAD
        }
        Futex.wakeAll(lifeWord(of: role).pointee)
        return 0
    }

    /// Whether that process has made its death visible, and nobody has noticed it yet.
    public func isHeld(by role: PeerRole) -> Bool {
        lifeWord(of: role).pointee.load(ordering: .sequentiallyConsistent) == Life.held
    }

    /// Blocks until the process that holds `role` is dead; first until it holds it at all. A page that makes no sense
    /// any more says nothing about a death: then this never returns.
    public func waitForDeath(of role: PeerRole) {
        let word = lifeWord(of: role)
        while word.pointee.load(ordering: .sequentiallyConsistent) == Life.notYet {
            Futex.wait(word.pointee, while: Life.notYet)
        }
        if word.pointee.load(ordering: .sequentiallyConsistent) == Life.gone { return }
        let mutex = mutex(of: role)
        switch asleep({ pthread_mutex_lock(mutex) }) {
        case EOWNERDEAD:
            pthread_mutex_consistent(mutex)
        case 0:
            // Another waiter was here first: who holds it does not unlock it alive.
            break
        default:
            while true { asleep { _ = pause() } }
        }
        word.pointee.store(Life.gone, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }
}
