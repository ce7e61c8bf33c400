import CGuestEntry
import Glibc
import GuestMemory

/// Stops of the whole process, so that its parent sees them (wait4 with WUNTRACED).
extension GuestKernel {
    /// Stops the process where a guest thread has taken a signal that says so. By the thread that forwards signals,
    /// which alone takes those of job control from the host.
    ///
    /// A SIGCONT that was sent after the stopping signal cancels the stop. It is in the signal table by now, or waits
    /// at the host: what this thread has taken, it has forwarded. And the one that ended a stop is forwarded before
    /// anybody goes on: it would cancel the next stop.
    public func stopWhereAsked() {
        while isStoppedByJobControl, !isEnding, signals.state.withLock({ $0.hostStopSignal }) != 0 {
            // None of the guest's threads is in the middle of changing a file: that would hold up other processes.
            let wasAsked = volumes?.standStill(stopOnHostIfAsked) ?? stopOnHostIfAsked()
            if wasAsked == 0 { return }
            if takeHostSignals?(self, SignalSet.bit(SIGCONT)) == true { continue }
            // The host has not stopped it (an orphaned group, get_signal in kernel/signal.c), or another stopping
            // signal has taken the SIGCONT away already.
            signals.state.withLock { state in
                if state.hostStopSignal == 0 { goOn(&state) }
            }
        }
    }

    /// 1 where a stop was asked for; the process goes on when this returns.
    private func stopOnHostIfAsked() -> Int {
        signals.state.withLock { state in
            let signal = state.hostStopSignal
            guard state.isStopped, signal != 0 else { return 0 }
            state.hostStopSignal = 0
            stopOnHost(signal)
            return 1
        }
    }

    private func stopOnHost(_ signal: Int32) {
        let stop = {
            if HostSignals.pending & HostSignals.bit(SIGCONT) != 0 { return }
            hostCall(
                __NR_tgkill, UInt64(hostCall(__NR_getpid)), UInt64(hostCall(__NR_gettid)), UInt64(signed: signal))
            // Of those that can be blocked a SIGCONT that comes by now takes this one away.
            HostSignals.setMask(HostSignals.helperMask & ~HostSignals.bit(signal))
            HostSignals.setMask(HostSignals.helperMask)
        }
        stopOrder?.keep(stop) ?? stop()
    }
}
