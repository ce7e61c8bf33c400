import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension GuestKernel {
    /// Counts up to now; those of threads that are running may lag by a call.
    public func callCounts() -> CallCounts {
        var counts = statistics.total(with: threads.snapshot())
        counts.rewrittenCallSites = callSites.rewrittenCount
        return counts
    }

    /// Whether the guest has ended, or is about to.
    public var hasEnded: Bool { isEnding }

    /// Whether no thread of the guest's runs: each waits, or is parked.
    public var isWaiting: Bool { threads.allStopped(except: nil) }

    /// Says something about the guest once in its life.
    func reportOnce(_ line: String) {
        if reported.withLock({ $0.insert(line).inserted }) { configuration.report(line) }
    }

    /// One line for a guest that ends by a fault: what, where, and its registers.
    func reportFault(_ thread: GuestThread, _ what: String) {
        let context = thread.context.pointee
        let registers: [(String, UInt64)] = [
            ("rip", context.rip), ("rsp", context.rsp), ("rbp", context.rbp), ("rax", context.rax),
            ("rbx", context.rbx), ("rcx", context.rcx), ("rdx", context.rdx), ("rsi", context.rsi),
            ("rdi", context.rdi), ("r8", context.r8), ("r9", context.r9), ("r10", context.r10),
            ("r11", context.r11), ("r12", context.r12), ("r13", context.r13), ("r14", context.r14),
            ("r15", context.r15), ("rflags", context.rflags),
        ]
        let shown = registers.map { "\($0.0) \(hexadecimal($0.1))" }.joined(separator: ", ")
        configuration.report("guest thread \(thread.tid) \(what): \(shown)")
    }
}

/// SIGSEGV for 11 and so on; the number where it has no name.
public func signalName(_ signal: Int32) -> String {
    let names = [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL",
        "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT",
        "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
        "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ]
    return signal > 0 && Int(signal) < names.count ? names[Int(signal)] : "signal \(signal)"
}
