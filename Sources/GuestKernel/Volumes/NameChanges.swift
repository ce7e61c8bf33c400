import Glibc
import Synchronization

/// The names outside the volumes that calls are about to change (`OutsideNames`): one call at a time each, so that the
/// next one finds what the one before has done.
final class NameChanges: Sendable {
    private let names = Mutex<[[UInt8]]>([])
    /// On a mirror that goes on: calls that were about to change a name and have not been made again yet.
    private let left = Atomic<Int>(0)

    /// They only have to be made; one that waits for something all the same is not waited for.
    private static let patience = 500

    /// Calls `body` once no other call is about any of these names; or returns how the interrupted call ends.
    func claiming(_ claimed: [[UInt8]], _ thread: GuestThread, _ body: () -> Int) -> Int {
        while !claim(claimed) {
            if thread.kernel.mustInterrupt(thread) { return Restart.always }
            thread.sleepBriefly()
        }
        defer { names.withLock { names in names.removeAll { claimed.contains($0) } } }
        return body()
    }

    private func claim(_ claimed: [[UInt8]]) -> Bool {
        names.withLock { names in
            if names.contains(where: claimed.contains) { return false }
            names += claimed
            return true
        }
    }

    /// Threads of a restored guest begin with so many calls that were about to change a name.
    func begin(_ count: Int) {
        left.store(count, ordering: .sequentiallyConsistent)
    }

    func noteMadeAgain() {
        left.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    /// Whoever comes to the same name later came later on the primary.
    @inline(__always)
    func waitForOthers(_ thread: GuestThread) {
        if left.load(ordering: .relaxed) > 0 { waitLong(thread) }
    }

    private func waitLong(_ thread: GuestThread) {
        for _ in 0..<NameChanges.patience where left.load(ordering: .sequentiallyConsistent) > 0 {
            if thread.waiter.isAboutToChangeName || thread.hasToEnd { return }
            thread.sleepBriefly()
        }
    }
}
