import Glibc
import Synchronization

/// The processes that a measurement has started and not seen end: killed when it is interrupted. Those are leaders of
/// their own sessions, which a terminal's Ctrl-C does not reach.
public enum ProcessesLeft {
    private static let countMax = 256
    /// Read by a signal handler: fixed places, 0 where there is none.
    private static let pids = Atomics(count: countMax)

    /// Places that a signal handler can read without a lock.
    private final class Atomics: @unchecked Sendable {
        // Sound as unchecked: made once, and each place is atomic.
        private let places: UnsafeMutableBufferPointer<Atomic<Int32>>

        init(count: Int) {
            places = .allocate(capacity: count)
            for index in 0..<count { (places.baseAddress! + index).initialize(to: Atomic(0)) }
        }

        func replace(_ old: Int32, by new: Int32) {
            for index in places.indices
            where places[index].compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent).exchanged {
                return
            }
        }

        func forEach(_ body: (Int32) -> Void) {
            for index in places.indices {
                let pid = places[index].load(ordering: .sequentiallyConsistent)
                if pid != 0 { body(pid) }
            }
        }
    }

    static func add(_ pid: Int32) { pids.replace(0, by: pid) }
    static func remove(_ pid: Int32) { pids.replace(pid, by: 0) }

    /// From now on SIGINT, SIGTERM and SIGHUP end them before they end this process.
    public static func killWhenInterrupted() {
        add(0)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                ProcessesLeft.killAll()
                Glibc.signal(number, SIG_DFL)
                Glibc.raise(number)
            }
        }
    }

    private static func killAll() {
        pids.forEach { pid in
            Glibc.kill(-pid, SIGKILL)
            Glibc.kill(pid, SIGKILL)
        }
    }
}
