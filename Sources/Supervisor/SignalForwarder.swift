import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// Hands signals that are sent to this process on to the guest.
///
/// Every thread blocks the asynchronous signals; one reads them from a signalfd. What cannot be blocked, the signals of
/// faults, comes to a handler that sets a bit and writes to an eventfd when somebody *sent* it.
struct SignalForwarder: Sendable {
    private let signalFD: Int32
    private let eventFD: Int32

    /// The kernel's struct signalfd_siginfo (signalfd(2)).
    private static let recordByteCount = 128
    private static let recordCountMax = 16
    /// So many interrupts within so much time end Understudy itself.
    private static let interruptCountMax = 3
    private static let interruptWindowNanoseconds: UInt64 = 5_000_000_000

    /// Blocks signals in the calling thread, and so in every thread that it starts, and installs the handlers.
    init() throws(SupervisorError) {
        HostSignals.setMask(HostSignals.helperMask)
        SignalForwarder.disableAlternateStack()
        for signal in [SIGABRT, SIGQUIT] { SignalForwarder.setDefaultUnlessIgnored(signal) }
        var mask = SignalForwarder.forwarded
        let signals = hostCall(
            __NR_signalfd4, UInt64(signed: Int32(-1)), UInt64(address: &mask), 8, UInt64(O_CLOEXEC | O_NONBLOCK))
        let event = hostCall(__NR_eventfd2, 0, UInt64(O_CLOEXEC | O_NONBLOCK))
        guard signals >= 0, event >= 0 else {
            throw SupervisorError(.failed, "no descriptors for signals: \(errorText(Int32(-min(signals, event))))")
        }
        signalFD = Int32(signals)
        eventFD = Int32(event)
        let installed = guest_signals_install(eventFD)
        guard installed == 0 else {
            throw SupervisorError(.failed, "signal handlers cannot be installed: \(errorText(Int32(-installed)))")
        }
    }

    /// All but the faults', those that cannot be caught, glibc's own two, and the supervisor's own two.
    private static let forwarded: UInt64 = {
        let own = HostSignals.bit(GUEST_PREEMPT_SIGNAL) | HostSignals.bit(GUEST_KICK_SIGNAL)
        let libraryOwn = HostSignals.bit(32) | HostSignals.bit(33)
        return HostSignals.helperMask & ~(own | libraryOwn | HostSignals.bit(SIGKILL) | HostSignals.bit(SIGSTOP))
    }()

    /// Starts the thread. `onThirdInterrupt` is called on it when the user insists.
    func start(_ kernel: GuestKernel, onThirdInterrupt: @escaping @Sendable () -> Void) throws(SupervisorError) {
        let result = HostThread.start(mask: HostSignals.helperMask) { forwardForEver(kernel, onThirdInterrupt) }
        guard result == 0 else {
            throw SupervisorError(.failed, "no thread for signals: \(errorText(result))")
        }
    }

    private func forwardForEver(_ kernel: GuestKernel, _ onThirdInterrupt: () -> Void) {
        var interrupts: [UInt64] = []
        let records = UnsafeMutableRawBufferPointer.allocate(
            byteCount: SignalForwarder.recordByteCount * SignalForwarder.recordCountMax, alignment: 8)
        while true {
            var entries = (
                pollfd(fd: signalFD, events: Int16(POLLIN), revents: 0),
                pollfd(fd: eventFD, events: Int16(POLLIN), revents: 0)
            )
            hostCall(__NR_poll, UInt64(address: &entries), 2, UInt64(signed: Int32(-1)))
            forwardFaultSignals(kernel)
            let count = hostCall(
                __NR_read, UInt64(signed: signalFD), UInt64(address: records.baseAddress), UInt64(records.count))
            guard count > 0 else { continue }
            for offset in stride(from: 0, to: count, by: SignalForwarder.recordByteCount) {
                let record = UnsafeRawBufferPointer(records)[offset..<offset + SignalForwarder.recordByteCount]
                let signal = forward(UnsafeRawBufferPointer(rebasing: record), kernel)
                guard signal == SIGINT else { continue }
                let now = kernel.clock.monotonicNanoseconds()
                interrupts = interrupts.filter { now - $0 < SignalForwarder.interruptWindowNanoseconds } + [now]
                if interrupts.count >= SignalForwarder.interruptCountMax { onThirdInterrupt() }
            }
        }
    }

    /// Returns the signal's number.
    private func forward(_ record: UnsafeRawBufferPointer, _ kernel: GuestKernel) -> Int32 {
        let signal = record.load(fromByteOffset: 0, as: Int32.self)
        let code = record.load(fromByteOffset: 8, as: Int32.self)
        let pid = record.load(fromByteOffset: 12, as: Int32.self)
        let uid = record.load(fromByteOffset: 16, as: UInt32.self)
        let value = record.load(fromByteOffset: 48, as: UInt64.self)
        // The supervisor's children are not the guest's; and a broken pipe of the supervisor's is its own affair.
        if signal == SIGCHLD, code > 0 { return signal }
        if signal == SIGPIPE, pid == kernel.identity.hostPid { return signal }
        kernel.sendFromOutside(signal: signal, code: code, pid: pid, uid: uid, value: value)
        return signal
    }

    /// Who sent them is not known any more.
    private func forwardFaultSignals(_ kernel: GuestKernel) {
        var count: UInt64 = 0
        hostCall(__NR_read, UInt64(signed: eventFD), UInt64(address: &count), 8)
        var signals = guest_signals_take_outside()
        while signals != 0 {
            let signal = Int32(signals.trailingZeroBitCount) + 1
            signals &= signals - 1
            kernel.sendFromOutside(signal: signal, code: 0, pid: 0, uid: getuid(), value: 0)
        }
    }

    /// The handlers take an alternate stack as the sign of a guest thread; the Swift runtime gives the first one.
    private static func disableAlternateStack() {
        var stack = stack_t()
        stack.ss_flags = Int32(SS_DISABLE)
        hostCall(__NR_sigaltstack, UInt64(address: &stack), 0)
    }

    /// The Swift backtracer's handler would stay, and report a crash where none is.
    private static func setDefaultUnlessIgnored(_ signal: Int32) {
        var action: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        hostCall(__NR_rt_sigaction, UInt64(signed: signal), 0, UInt64(address: &action), 8)
        if action.0 <= 1 { return }
        action = (0, 0, 0, 0)
        hostCall(__NR_rt_sigaction, UInt64(signed: signal), UInt64(address: &action), 0, 8)
    }
}
