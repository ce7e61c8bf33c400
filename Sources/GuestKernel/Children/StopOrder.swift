import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// What keeps a SIGCONT of one process of the guest's apart from the stop that another one is about to make of itself,
/// in memory that the supervisors of all of them share.
///
/// The host's kernel takes a waiting SIGCONT away where a stopping signal is sent (prepare_signal in kernel/signal.c):
/// one that came after a process had looked for it, and before it sent itself the stopping signal, would be lost, and
/// the process stand still for good.
///
/// Sound as unchecked: the word is only touched as an atomic, and its mapping stays for the life of the process.
final class StopOrder: @unchecked Sendable {
    /// The host's id of the thread that has the order, 0 for none; above that, in bits 32 to 63, how often it was
    /// taken.
    private let word: UnsafeMutablePointer<Atomic<UInt64>>

    private static let tidMask: UInt64 = 0xffff_ffff
    private static let pauseNanoseconds = 100_000
    /// More than a second in all. Who has it makes two calls meanwhile; but a thread that is gone may have left its id,
    /// and another one have that by now.
    private static let pausesMax = 10_000

    /// Of a guest's first process; its children have the same one. Nil without memory.
    init?() {
        let byteCount = MemoryLayout<Atomic<UInt64>>.size
        let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { return nil }
        word = mapped.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    }

    /// Does `body` while no other thread of the guest's processes does anything in this order. It may stop the process:
    /// then it does not count any more.
    func keep<Result>(_ body: () -> Result) -> Result {
        let taken = take()
        let result = body()
        _ = word.pointee.compareExchange(
            expected: taken, desired: taken & ~StopOrder.tidMask, ordering: .sequentiallyConsistent)
        return result
    }

    private func take() -> UInt64 {
        let tid = UInt64(hostCall(__NR_gettid))
        var pauseCount = 0
        var found = word.pointee.load(ordering: .sequentiallyConsistent)
        while true {
            guard pauseCount >= StopOrder.pausesMax || StopOrder.isFree(found) else {
                pauseCount += 1
                var pause = timespec(tv_sec: 0, tv_nsec: StopOrder.pauseNanoseconds)
                hostCall(__NR_nanosleep, UInt64(address: &pause), 0)
                found = word.pointee.load(ordering: .sequentiallyConsistent)
                continue
            }
            let own = ((found >> 32) &+ 1) << 32 | tid
            let exchange = word.pointee.compareExchange(
                expected: found, desired: own, ordering: .sequentiallyConsistent)
            StopOrder.passSignals()
            found = word.pointee.load(ordering: .sequentiallyConsistent)
            if exchange.exchanged, found == own { return own }
        }
    }

    /// A SIGSTOP that is on its way takes effect here, and who stands still has lost its turn. The process's may not
    /// have marked this thread yet: a look at what is pending does that (dequeue_signal in kernel/signal.c).
    private static func passSignals() {
        var none: UInt64 = 0
        var noTime = timespec()
        hostCall(__NR_rt_sigtimedwait, UInt64(address: &none), 0, UInt64(address: &noTime), 8)
    }

    /// Whether nobody has it that goes on with what it does: who stands still has stopped itself, or will look whether
    /// it still has the order, and who is gone was killed.
    private static func isFree(_ word: UInt64) -> Bool {
        let tid = Int32(truncatingIfNeeded: word)
        if tid == 0 { return true }
        // Where not even this thread is found, /proc cannot be read.
        guard let holder = HostProcess(tid) else { return HostProcess(Int32(hostCall(__NR_gettid))) != nil }
        return holder.state == .stopped
    }
}
