import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Stops of the whole process, so that its parent sees them (wait4 with WUNTRACED).
///
/// A SIGCONT that was sent after the stopping signal cancels the stop, wherever it is by then: the guest's own is in
/// the signal table, one from outside waits at the host, or somebody has just taken it from there. The last can only be
/// told by who takes signals: the thread that forwards them makes the stop, with nobody else taking any.
final class HostStops: Sendable {
    /// The signal to stop by; 0 for none.
    private let asked = Atomic<Int32>(0)
    /// Had by guest threads that take signals from the host. Lock order: volume journal → this → telling of
    /// children → signal table.
    private let taking = Mutex<Void>(())
    let order: StopOrder?

    init(order: StopOrder?) {
        self.order = order
    }

    /// Has the thread that forwards signals stop the process.
    func ask(for signal: Int32) {
        asked.store(signal, ordering: .sequentiallyConsistent)
        guest_signals_kick_listener()
    }

    fileprivate func takeAsked() -> Int32 { asked.exchange(0, ordering: .sequentiallyConsistent) }

    fileprivate func withTaking<Result>(_ body: () -> Result) -> Result {
        taking.withLock { _ in body() }
    }
}

extension GuestKernel {
    /// Takes what the host has for the guest by now, where there is somebody who does.
    func takeSignalsFromHost() {
        guard let takeHostSignals else { return }
        hostStops.withTaking { takeHostSignals(self) }
    }

    /// Stops the process where a guest thread has asked for it. By the thread that forwards signals, which has
    /// forwarded all that it has taken.
    ///
    /// None of the guest's threads is in the middle of changing a file meanwhile: that would hold up other processes of
    /// the guest. When this returns the process goes on, or the host did not stop it (an orphaned group, get_signal in
    /// kernel/signal.c). The SIGCONT that let it go on comes to the guest as any signal from outside.
    public func stopWhereAsked() {
        let signal = hostStops.takeAsked()
        if signal == 0 || isEnding { return }
        let stop = {
            self.hostStops.withTaking {
                self.signals.state.withLock { state in
                    if state.isStopped { self.stopOnHost(signal) }
                    self.goOn(&state)
                }
            }
            return 0
        }
        _ = volumes?.standStill(stop) ?? stop()
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
        hostStops.order?.keep(stop) ?? stop()
    }
}
