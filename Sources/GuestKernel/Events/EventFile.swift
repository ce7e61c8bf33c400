import CGuestEntry
import Glibc
import GuestMemory

/// eventfd(2). Reads go the common way; a write has a full counter to wait for.
enum EventFile {
    private static let semaphoreFlag: Int32 = 1

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        create(thread, initial: arguments.a, flags: 0)
    }

    static func create2(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        create(thread, initial: arguments.a, flags: Int32(truncatingIfNeeded: arguments.b))
    }

    private static func create(_ thread: GuestThread, initial: UInt64, flags: Int32) -> Int {
        guard flags & ~(O_CLOEXEC | O_NONBLOCK | semaphoreFlag) == 0 else { return failed(EINVAL) }
        let hostFD = make(initial: initial & 0xffff_ffff, isSemaphore: flags & semaphoreFlag != 0)
        if hostFD < 0 { return hostFD }
        let file = FileDescription(
            kind: .event, hostFD: Int32(hostFD), statusFlags: O_RDWR | flags & O_NONBLOCK,
            record: .event(EventRecord(isSemaphore: flags & semaphoreFlag != 0)))
        return thread.kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    /// An eventfd of the host's, or a negative errno. `initial` has 32 bits.
    static func make(initial: UInt64, isSemaphore: Bool) -> Int {
        let flags = O_CLOEXEC | O_NONBLOCK | (isSemaphore ? semaphoreFlag : 0)
        return hostCall(__NR_eventfd2, initial, UInt64(signed: flags))
    }

    /// One value is added by one write, whatever the buffer's size. A value may not fit although the
    /// counter has room for another, so that POLLOUT alone would make the wait a busy loop.
    static func write(_ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int) -> Int {
        var pauseNanoseconds: UInt64 = 0
        while true {
            let result = retryingInterrupts {
                hostCall(__NR_write, UInt64(signed: file.hostFD), address, UInt64(count))
            }
            file.transfers.set()
            if result != -Int(EAGAIN) || !file.isBlocking { return result }
            if thread.wait(for: file, events: Int16(POLLOUT)) == .interrupted { return Restart.system }
            if pauseNanoseconds > 0 {
                guard thread.prepareToSleep() else { return Restart.system }
                _ = thread.sleepUntilWoken(deadlineNanoseconds: thread.kernel.clock.deadline(after: pauseNanoseconds))
            }
            pauseNanoseconds = min(max(pauseNanoseconds * 2, 50_000), 5_000_000)
        }
    }
}
