import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// Hands signals that are sent to this process on to the guest.
///
/// Every thread blocks the asynchronous signals; one waits for them by sigwaitinfo. (Not by a signalfd: whoever polls
/// one is woken for every signal of the process, and so for every syscall of the guest's.) What cannot be blocked, the
/// signals of faults, comes to a handler that sets a bit and kicks this thread when somebody *sent* it.
struct SignalForwarder: Sendable {
    /// siginfo_t (sigaction(2)).
    private static let infoByteCount = 128

    /// What the host's kernel must not ignore, whatever the guest does (`StartState` has taken that before): where
    /// SIGCHLD is ignored it reaps children, and nobody is told how they ended; the others stop a child.
    private static let neededFromHost = [SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU]

    /// In a forked process, which has its parent's handlers.
    static let inherited = SignalForwarder(isInherited: true)

    private init(isInherited: Bool) {}

    /// Blocks signals in the calling thread, and so in every thread that it starts, and installs the handlers.
    init() throws(SupervisorError) {
        HostSignals.setMask(HostSignals.helperMask)
        SignalForwarder.disableAlternateStack()
        for signal in [SIGABRT, SIGQUIT] { SignalForwarder.setDefaultUnlessIgnored(signal) }
        for signal in SignalForwarder.neededFromHost { SignalForwarder.setDefault(signal) }
        let installed = guest_signals_install()
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
        let interrupts = InterruptCounter()
        kernel.setSignalSource { kernel, signals in forwardPending(signals, kernel, interrupts) }
        let result = HostThread.start(mask: HostSignals.helperMask) {
            forwardForEver(kernel, interrupts, onThirdInterrupt)
        }
        guard result == 0 else {
            throw SupervisorError(.failed, "no thread for signals: \(errorText(result))")
        }
    }

    private func forwardForEver(
        _ kernel: GuestKernel, _ interrupts: InterruptCounter, _ onThirdInterrupt: () -> Void
    ) {
        var awaited = SignalForwarder.forwarded | HostSignals.bit(GUEST_KICK_SIGNAL)
        let info = UnsafeMutableRawBufferPointer.allocate(byteCount: SignalForwarder.infoByteCount, alignment: 8)
        // What came before it had a listener is looked at first.
        guest_signals_set_listener(Int32(hostCall(__NR_gettid)))
        while true {
            if interrupts.isReached { onThirdInterrupt() }
            forwardFaultSignals(kernel)
            if guest_signals_take_orphan() != 0 { kernel.parentEnded() }
            kernel.stopWhereAsked()
            let signal = hostWait(
                __NR_rt_sigtimedwait, UInt64(address: &awaited), UInt64(address: info.baseAddress), 0, 8)
            if signal <= 0 || signal == Int(GUEST_KICK_SIGNAL) { continue }
            take(UnsafeRawBufferPointer(info), kernel, interrupts)
        }
    }

    /// What was sent before now, by a thread that has just come out of a wait: a process that signals another, and then
    /// writes to it, must not find its data read first. Whether there was any of these signals.
    private func forwardPending(_ signals: UInt64, _ kernel: GuestKernel, _ interrupts: InterruptCounter) -> Bool {
        var awaited = SignalForwarder.forwarded & signals
        var noTime = timespec()
        var wasAny = false
        withUnsafeTemporaryAllocation(byteCount: SignalForwarder.infoByteCount, alignment: 8) { info in
            while hostCall(
                __NR_rt_sigtimedwait, UInt64(address: &awaited), UInt64(address: info.baseAddress),
                UInt64(address: &noTime), 8) > 0
            {
                take(UnsafeRawBufferPointer(info), kernel, interrupts)
                wasAny = true
            }
        }
        return wasAny
    }

    private func take(_ info: UnsafeRawBufferPointer, _ kernel: GuestKernel, _ interrupts: InterruptCounter) {
        forward(info, kernel)
        guard info.load(fromByteOffset: 0, as: Int32.self) == SIGINT, isByUser(info, kernel) else { return }
        interrupts.note(nowNanoseconds: kernel.clock.monotonicNanoseconds())
    }

    /// Whether somebody outside insists, or is it one process of the guest's that interrupts another.
    private func isByUser(_ info: UnsafeRawBufferPointer, _ kernel: GuestKernel) -> Bool {
        let code = info.load(fromByteOffset: 8, as: Int32.self)
        return code > 0 || !kernel.isRelated(info.load(fromByteOffset: 16, as: Int32.self))
    }

    private func forward(_ info: UnsafeRawBufferPointer, _ kernel: GuestKernel) {
        let signal = info.load(fromByteOffset: 0, as: Int32.self)
        let code = info.load(fromByteOffset: 8, as: Int32.self)
        let pid = info.load(fromByteOffset: 16, as: Int32.self)
        let uid = info.load(fromByteOffset: 20, as: UInt32.self)
        let value = info.load(fromByteOffset: 24, as: UInt64.self)
        // Of the supervisor's own children the guest's kernel knows nothing.
        if signal == SIGCHLD, code > 0 {
            return kernel.childChanged(code: code, pid: pid, status: Int32(truncatingIfNeeded: value))
        }
        // A broken pipe of the supervisor's is its own affair.
        if signal == SIGPIPE, pid == kernel.identity.hostPid { return }
        // Of a descriptor: siginfo_t has its events and its number where others have a process and a value.
        let isOfDescriptor = (1...6).contains(code) || code == -5  // POLL_IN to POLL_HUP, SI_SIGIO
        if isOfDescriptor, signal != SIGCHLD {
            let band = info.load(fromByteOffset: 16, as: UInt64.self)
            let hostFD = Int32(truncatingIfNeeded: value)
            if kernel.sendDescriptorEvent(code: code, band: band, hostFD: hostFD) { return }
            if signal == HostSignals.descriptorEvent { return }
        }
        let sender = kernel.identity.guestPid(of: pid)
        kernel.sendFromOutside(signal: signal, code: code, pid: sender, uid: uid, value: value)
    }

    /// Who sent them is not known any more.
    private func forwardFaultSignals(_ kernel: GuestKernel) {
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
        if action.0 > 1 { setDefault(signal) }
    }

    private static func setDefault(_ signal: Int32) {
        var action: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        hostCall(__NR_rt_sigaction, UInt64(signed: signal), UInt64(address: &action), 0, 8)
    }
}
