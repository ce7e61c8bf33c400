import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// The guest's children, and who waits for them. The supervisor's own are in no such table, so that no wait of the
/// guest's ever sees one.
///
/// Lock order: `telling` before the signal table; the table's own lock is a leaf.
final class ChildTable: Sendable {
    private struct State {
        /// By pid, in the order in which they were started.
        var children: [Child] = []
        var waiters: [GuestThread] = []
    }

    private let state = Mutex(State())
    /// Held from a child's end being seen until its parent has been told.
    let telling = Mutex<Void>(())
    /// Whether the guest has ever started a child: until then it is alone in its process group.
    let isUsed = Atomic<Bool>(false)

    // MARK: - Children come and go

    func add(_ child: Child) {
        isUsed.store(true, ordering: .relaxed)
        state.withLock { $0.children.append(child) }
    }

    func find(_ pid: Int32) -> Child? {
        state.withLock { state in state.children.first { $0.pid == pid } }
    }

    var pids: Set<Int32> { state.withLock { state in Set(state.children.map(\.pid)) } }

    /// What a mirror has to know.
    func record(_ identity: GuestIdentity) -> ChildrenRecord {
        let children = state.withLock { $0.children }
        return ChildrenRecord(
            children.map { child in
                var child = child
                if !child.isLost { child.processGroup = identity.processGroup(of: child.pid) }
                return child
            })
    }

    /// After a takeover: all of them are gone, killed with the primary unless they had ended before. Returns those of
    /// which their parent has not been told.
    func restore(_ record: ChildrenRecord) -> [Child] {
        var news: [Child] = []
        let children = record.children.map { child in
            var child = child
            child.isLost = true
            if child.end == nil {
                child.end = SignalInfo.child(HostWait.codeKilled, pid: child.pid, status: SIGKILL)
                news.append(child)
            }
            return child
        }
        state.withLock { $0.children = children }
        isUsed.store(!children.isEmpty, ordering: .relaxed)
        return news
    }

    // MARK: - Their ends

    /// Looks which children have ended since the last time. Returns those that have.
    func takeEnds() -> [Child] {
        state.withLock { state in
            var ended: [Child] = []
            for index in state.children.indices where state.children[index].end == nil {
                guard let info = HostWait.peek(state.children[index].pid) else { continue }
                state.children[index].end = info
                ended.append(state.children[index])
            }
            return ended
        }
    }

    /// Something may be new of a child.
    func wakeWaiters() {
        for waiter in state.withLock({ $0.waiters }) { waiter.wakeUp() }
    }

    /// Takes an ended child out whose parent does not want to wait for it (SIGCHLD ignored, SA_NOCLDWAIT). Who waits
    /// all the same is to see that there is none any more.
    func forget(_ pid: Int32) {
        state.withLock { state in
            guard let index = state.children.firstIndex(where: { $0.pid == pid }) else { return }
            if !state.children[index].isLost { _ = HostWait.take(pid, options: HostWait.exited) }
            state.children.remove(at: index)
        }
        wakeWaiters()
    }

    // MARK: - Waiting

    /// What a wait has found, or why it found nothing.
    enum Finding {
        case found(HostWait.Change)
        /// There are such children, and nothing new of them.
        case nothing
        case noSuchChild
    }

    /// Takes the first change of a child that `isMeant`. An end counts once it has been told (`noteChildEnds`).
    func take(options: Int32, where isMeant: (Child) -> Bool) -> Finding {
        state.withLock { state in
            var isOneMeant = false
            for index in state.children.indices where isMeant(state.children[index]) {
                isOneMeant = true
                let child = state.children[index]
                let wanted = child.end == nil ? options & ~HostWait.exited : options
                guard let change = child.isLost ? lost(child, options) : HostWait.take(child.pid, options: wanted)
                else { continue }
                if change.isEnd, options & HostWait.keeps == 0 { state.children.remove(at: index) }
                return .found(change)
            }
            return isOneMeant ? .nothing : .noSuchChild
        }
    }

    private func lost(_ child: Child, _ options: Int32) -> HostWait.Change? {
        guard let end = child.end, options & HostWait.exited != 0 else { return nil }
        return HostWait.Change(info: end)
    }

    func addWaiter(_ thread: GuestThread) {
        state.withLock { $0.waiters.append(thread) }
    }

    func removeWaiter(_ thread: GuestThread) {
        state.withLock { state in state.waiters.removeAll { $0 === thread } }
    }
}
