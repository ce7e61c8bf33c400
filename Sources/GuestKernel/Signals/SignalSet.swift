import Glibc

/// Sets of signals as the kernel's sigset_t: bit n-1 for signal n.
enum SignalSet {
    @inline(__always)
    static func bit(_ signal: Int32) -> UInt64 {
        1 << UInt64(signal - 1)
    }

    /// These can be neither caught, blocked nor ignored.
    static let unblockable: UInt64 = bit(SIGKILL) | bit(SIGSTOP)

    /// Their default is to be ignored.
    static let ignoredByDefault: UInt64 = bit(SIGCHLD) | bit(SIGURG) | bit(SIGWINCH) | bit(SIGCONT)

    /// Their default is to stop the process.
    static let stopping: UInt64 = bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU)

    /// Those of job control: one kind takes the other kind away (prepare_signal in kernel/signal.c), so that their
    /// order matters.
    static let ofJobControl: UInt64 = stopping | bit(SIGCONT)

    /// Delivered before others, as next_signal() in kernel/signal.c does.
    static let synchronous: UInt64 =
        bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGFPE) | bit(SIGSYS)

    /// Signals from 32 on queue; lower ones are pending at most once.
    static let firstRealTime: Int32 = 32
    static let count: Int32 = 64
}
