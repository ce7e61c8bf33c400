import CGuestEntry
import Glibc

/// Calls that are traced, and tampered with where that was asked for (`-e inject=`).
extension GuestThread {
    /// Makes a call that is traced, and tampered with where that was asked for.
    func makeTracedCall(_ number: UInt32) {
        guard traceBegin(number) else { return finish(Restart.always) }
        guard let injections = kernel.tracing?.injections, !injections.isEmpty,
            let action = injections.action(for: Int(number), counting: &injectionCounters)
        else { return finish(call(number)) }
        // As waits: no part of the call is made yet, and below all of it, with the registers as it left them.
        wait(action.delayEnterNanoseconds)
        if action.signal > 0 {
            kernel.send(kernel.identity.sentSignal(action.signal, code: siKernel), to: self)
        }
        let result = action.replacement ?? call(number)
        if action.replacement != nil { traceFlags |= UInt64(GUEST_TRACE_INJECTED) }
        if action.delayEnterNanoseconds > 0 || action.delayExitNanoseconds > 0 {
            traceFlags |= UInt64(GUEST_TRACE_DELAYED)
        }
        if action.replacement != nil { complete(result) } else { finish(result) }
        if interruptedResult == 0 { wait(action.delayExitNanoseconds) }
    }

    private func wait(_ nanoseconds: UInt64) {
        if nanoseconds == 0 { return }
        kernel.gate.beginWaiting(self)
        defer { kernel.gate.endWaiting(self) }
        var left = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        withUnsafeMutablePointer(to: &left) { left in
            while !kernel.isEnding, nanosleep(left, left) != 0 {}
        }
    }
}
