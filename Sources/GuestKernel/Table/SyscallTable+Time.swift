extension SyscallTable {
    static let time: [Syscall] = [
        Syscall(35, "nanosleep", .pointer, .pointer, callClass: .mayWait, handler: SleepCalls.nanosleep),
        Syscall(36, "getitimer", .number, .pointer, handler: IntervalTimerCalls.get),
        Syscall(37, "alarm", .number, handler: IntervalTimerCalls.alarm),
        Syscall(
            38, "setitimer", .number, .pointer, .pointer, support: .partial,
            note:
                "processor time includes the supervisor's and is looked at every 0.5 ms, every 20 ms when idle",
            handler: IntervalTimerCalls.set),
        Syscall(96, "gettimeofday", .pointer, .pointer, handler: ClockCalls.getTimeOfDay),
        Syscall(
            159, "adjtimex", .pointer, support: .partial, note: "asking only; adjusting the clock is EPERM",
            handler: ClockCalls.adjust),
        Syscall(201, "time", .pointer, handler: ClockCalls.time),
        Syscall(
            222, "timer_create", .number, .pointer, .pointer, support: .partial,
            note: "no alarm clocks, none on other processes' time; processor time as for setitimer",
            handler: TimerCalls.create),
        Syscall(
            223, "timer_settime", .number, .flags, .pointer, .pointer, support: .partial,
            note: "setting the host's clock does not move a timer's end", handler: TimerCalls.setTime),
        Syscall(224, "timer_gettime", .number, .pointer, handler: TimerCalls.getTime),
        Syscall(225, "timer_getoverrun", .number, handler: TimerCalls.getOverrun),
        Syscall(226, "timer_delete", .number, handler: TimerCalls.delete),
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
