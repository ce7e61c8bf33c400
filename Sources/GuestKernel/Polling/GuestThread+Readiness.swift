import CGuestEntry
import Glibc
import GuestMemory

extension GuestThread {
    /// Waits in a host call that reports readiness (ppoll, pselect6, epoll_pwait), which gets a
    /// timeout (nil: none) and the address of a signal mask (0: leave it).
    ///
    /// The result is the host's: a count, 0 at the deadline, an error; -EINTR means a signal that the
    /// guest would take. As in the kernel, what is ready comes before a signal.
    func awaitReadiness(
        deadlineNanoseconds: UInt64?, isImmediate: Bool, _ call: (UnsafePointer<timespec>?, UInt64) -> Int
    ) -> Int {
        while true {
            if isImmediate || !prepareToSleep() { return askOnce(call) }
            if kernel.gate.isAboutToCut(self) {
                let result = askOnce(call)
                if result != 0 { return result }
            }
            let result = sleepInKernel { mask in
                var timeout = timespec()
                let hasTimeout = remaining(until: deadlineNanoseconds, &timeout)
                return withUnsafePointer(to: &timeout) { timeout in
                    call(hasTimeout ? timeout : nil, UInt64(address: mask))
                }
            }
            if result == -Int(EINTR) { continue }
            // A host that counts in coarser units, or limits what it waits, may be early.
            if result == 0, let deadlineNanoseconds, kernel.clock.monotonicNanoseconds() < deadlineNanoseconds {
                continue
            }
            return result
        }
    }

    private func askOnce(_ call: (UnsafePointer<timespec>?, UInt64) -> Int) -> Int {
        var timeout = timespec()
        let result = withUnsafePointer(to: &timeout) { timeout in
            retryingInterrupts { call(timeout, 0) }
        }
        return result == 0 && kernel.mustInterrupt(self) ? failed(EINTR) : result
    }

    /// The mask argument of ppoll, pselect6 and epoll_pwait; the error, or nil.
    func setTemporaryMask(at address: UInt64, byteCount: UInt64) -> Int? {
        if address == 0 { return nil }
        guard byteCount == 8 else { return failed(EINVAL) }
        guard let mask = GuestAccess.load(UInt64.self, at: address) else { return failed(EFAULT) }
        setTemporaryMask(mask)
        return nil
    }

    /// The thread's own mask comes back, unless a signal ended the call: then it is the handler's frame that
    /// holds it, or the call is made again.
    func restoringMask(_ result: Int) -> Int {
        if !Restart.contains(result) { restoreSavedMask() }
        return result
    }
}
