import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// The role of a process in which a child of the guest's runs: a supervisor with nothing but a guest.
enum ForkedRun {
    /// Runs the guest and ends this process as it ends; never returns.
    static func live(_ kernel: GuestKernel, _ startThread: () -> Int32, _ messages: MessageLog) {
        do throws(SupervisorError) {
            try SignalForwarder.inherited.start(kernel) {
                kernel.volumes?.leave()
                ProcessEnd.die(by: SIGINT)
            }
        } catch {
            messages.say(.error, "a child of the guest's cannot be started: \(error.message)")
            ProcessEnd.exit(SupervisorError.Code.failed.rawValue)
        }
        let failed = startThread()
        if failed != 0 {
            messages.say(.error, "a child of the guest's cannot be started: \(errorText(failed))")
            ProcessEnd.exit(SupervisorError.Code.failed.rawValue)
        }
        let end = kernel.waitForEnd()
        kernel.traceEnd(end)
        kernel.volumes?.leave()
        ProcessEnd.end(as: end)
    }

    /// A descriptor that becomes readable when this process ends; -1 where the host has no such thing.
    static func lifeDescriptor() -> Int32 {
        let opened = hostCall(__NR_pidfd_open, UInt64(signed: getpid()), 0)
        return opened < 0 ? -1 : Int32(opened)
    }
}

extension GuestConfiguration {
    /// What every guest of this executable's has: somebody who says what there is to say, and children.
    init(dispatch: DispatchMethod, messages: MessageLog) {
        self.init(dispatch: dispatch, report: { messages.say(.warning, $0) })
        runForkedProcess = { ForkedRun.live($0, $1, messages) }
    }
}
