import CGuestEntry
import Glibc
import GuestMemory

/// fsync and its like. They may take long and touch no guest memory, so they are waits: a stop of all threads does not
/// wait for the disk (architecture §3).
enum SyncCalls {
    static func onFile(_ number: Int32) -> SyscallHandler {
        { thread, arguments in
            guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
            let settled = thread.settleFileBytes(file)
            if settled != 0 { return settled }
            let result = waiting(thread) {
                hostCall(number, UInt64(signed: file.hostFD), arguments.b, arguments.c, arguments.d)
            }
            if result == 0, let volume = file.volume { volume.journal.append(.synchronise) }
            return result
        }
    }

    static func sync(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let result = waiting(thread) { hostCall(__NR_sync) }
        thread.kernel.volumes?.append(.synchronise)
        return result
    }

    private static func waiting(_ thread: GuestThread, _ call: () -> Int) -> Int {
        thread.kernel.gate.beginWaiting(thread)
        let result = retryingInterrupts(call)
        thread.kernel.gate.endWaiting(thread)
        return result
    }
}
