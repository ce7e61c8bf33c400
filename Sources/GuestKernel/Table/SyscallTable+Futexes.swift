extension SyscallTable {
    static let futexes: [Syscall] = [
        Syscall(
            202, "futex", .pointer, .named(.futexOperation), .unsigned, .selected(.futex), .pointer, .bits,
            callClass: .mayWait,
            support: .partial, note: "priority inheritance hands locks over, and raises nobody's priority",
            handler: FutexCalls.futex)
    ]
}
