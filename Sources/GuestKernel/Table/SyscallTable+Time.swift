extension SyscallTable {
    static let time: [Syscall] = [
        Syscall(35, "nanosleep", .pointer, .pointer, callClass: .mayWait, handler: SleepCalls.nanosleep),
        Syscall(96, "gettimeofday", .pointer, .pointer, handler: ClockCalls.getTimeOfDay),
        Syscall(
            159, "adjtimex", .pointer, support: .partial, note: "asking only; adjusting the clock is EPERM",
            handler: ClockCalls.adjust),
        Syscall(201, "time", .pointer, handler: ClockCalls.time),
        Syscall(228, "clock_gettime", .number, .pointer, handler: ClockCalls.getTime),
        Syscall(229, "clock_getres", .number, .pointer, handler: ClockCalls.getResolution),
        Syscall(
            230, "clock_nanosleep", .number, .flags, .pointer, .pointer, callClass: .mayWait, support: .partial,
            note: "no sleeping on processor time or alarm clocks; setting the host's clock does not move a sleep's end",
            handler: SleepCalls.clockNanosleep),
        Syscall(
            305, "clock_adjtime", .number, .pointer, support: .partial,
            note: "asking only; adjusting a clock is EPERM", handler: ClockCalls.adjustClock),
    ]
}
