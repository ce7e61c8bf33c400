extension SyscallTable {
    static let signals: [Syscall] = [
        Syscall(
            13, "rt_sigaction", .signal, .input(.signalAction), .output(.signalAction), .size,
            handler: SignalCalls.sigaction),
        Syscall(
            14, "rt_sigprocmask", .named(.maskChange), .input(.signalSet), .output(.signalSet), .size,
            handler: SignalCalls.sigprocmask),
        Syscall(15, "rt_sigreturn", handler: SignalCalls.sigreturn),
        Syscall(34, "pause", callClass: .mayWait, handler: SignalCalls.pause),
        Syscall(62, "kill", .processIdentity, .signal, handler: SignalCalls.kill),
        Syscall(127, "rt_sigpending", .output(.signalSet), .size, handler: SignalCalls.sigpending),
        Syscall(
            128, "rt_sigtimedwait", .input(.signalSet), .output(.signalInformation), .input(.timespec), .size,
            returns: .signal, callClass: .mayWait,
            handler: SignalCalls.sigtimedwait),
        Syscall(
            129, "rt_sigqueueinfo", .processIdentity, .signal, .input(.signalInformation),
            handler: SignalCalls.sigqueueinfo),
        Syscall(130, "rt_sigsuspend", .input(.signalSet), .size, callClass: .mayWait, handler: SignalCalls.sigsuspend),
        Syscall(131, "sigaltstack", .input(.signalStack), .output(.signalStack), handler: SignalCalls.sigaltstack),
        Syscall(200, "tkill", .processIdentity, .signal, handler: SignalCalls.tkill),
        Syscall(234, "tgkill", .processIdentity, .processIdentity, .signal, handler: SignalCalls.tgkill),
        Syscall(
            297, "rt_tgsigqueueinfo", .processIdentity, .processIdentity, .signal, .input(.signalInformation),
            handler: SignalCalls.tgsigqueueinfo),
    ]
}
