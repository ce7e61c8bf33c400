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
    /// The host's id of the thread that has the order; 0 for none.
    private let holder: UnsafeMutablePointer<Atomic<Int32>>

    private static let pauseNanoseconds = 20_000
    /// 100 ms in all: who has it makes two calls meanwhile.
    private static let pausesMax = 5000

    /// Of a guest's first process; its children have the same one. Nil without memory.
    init?() {
        let byteCount = MemoryLayout<Atomic<Int32>>.size
        let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { return nil }
        holder = mapped.bindMemory(to: Atomic<Int32>.self, capacity: 1)
    }

    /// Does `body` while no other thread of the guest's processes does anything in this order. It may stop the process.
    func keep<Result>(_ body: () -> Result) -> Result {
        let tid = Int32(hostCall(__NR_gettid))
        take(tid)
        defer { _ = holder.pointee.compareExchange(expected: tid, desired: 0, ordering: .sequentiallyConsistent) }
        return body()
    }

    /// Who stands still has stopped itself, and who is gone was killed: neither is waited for.
    private func take(_ tid: Int32) {
        var before: Int32 = 0
        for _ in 0..<StopOrder.pausesMax {
            let (isTaken, found) = holder.pointee.compareExchange(
                expected: before, desired: tid, ordering: .sequentiallyConsistent)
            if isTaken { return }
            before = found
            if found == 0 || HostProcess(found)?.state != .living { continue }
            before = 0
            var pause = timespec(tv_sec: 0, tv_nsec: StopOrder.pauseNanoseconds)
            hostCall(__NR_nanosleep, UInt64(address: &pause), 0)
        }
        holder.pointee.store(tid, ordering: .sequentiallyConsistent)
    }
}
