extension SyscallTable {
    static let signals: [Syscall] = [
        Syscall(13, "rt_sigaction", .signal, .pointer, .pointer, .size, handler: SignalCalls.sigaction),
        Syscall(14, "rt_sigprocmask", .number, .pointer, .pointer, .size, handler: SignalCalls.sigprocmask),
        Syscall(15, "rt_sigreturn", handler: SignalCalls.sigreturn),
        Syscall(34, "pause", callClass: .mayWait, handler: SignalCalls.pause),
        Syscall(62, "kill", .processIdentity, .signal, handler: SignalCalls.kill),
        Syscall(127, "rt_sigpending", .pointer, .size, handler: SignalCalls.sigpending),
        Syscall(
            128, "rt_sigtimedwait", .pointer, .pointer, .pointer, .size, callClass: .mayWait,
            handler: SignalCalls.sigtimedwait),
        Syscall(129, "rt_sigqueueinfo", .processIdentity, .signal, .pointer, handler: SignalCalls.sigqueueinfo),
        Syscall(130, "rt_sigsuspend", .pointer, .size, callClass: .mayWait, handler: SignalCalls.sigsuspend),
        Syscall(131, "sigaltstack", .pointer, .pointer, handler: SignalCalls.sigaltstack),
        Syscall(200, "tkill", .processIdentity, .signal, handler: SignalCalls.tkill),
        Syscall(234, "tgkill", .processIdentity, .processIdentity, .signal, handler: SignalCalls.tgkill),
        Syscall(
            297, "rt_tgsigqueueinfo", .processIdentity, .processIdentity, .signal, .pointer,
            handler: SignalCalls.tgsigqueueinfo),
    ]
}
