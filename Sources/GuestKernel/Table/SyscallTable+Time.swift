extension SyscallTable {
    static let time: [Syscall] = [
        Syscall(
            35, "nanosleep", .input(.timespec), .output(.timespec, .interrupted), callClass: .mayWait,
            handler: SleepCalls.nanosleep),
        Syscall(36, "getitimer", .named(.intervalTimer), .output(.intervalValue), handler: IntervalTimerCalls.get),
        Syscall(37, "alarm", .unsigned, handler: IntervalTimerCalls.alarm),
        Syscall(
            38, "setitimer", .named(.intervalTimer), .input(.intervalValue), .output(.intervalValue), support: .partial,
            note:
                "processor time includes the supervisor's and is looked at every 0.5 ms, every 20 ms when idle",
            handler: IntervalTimerCalls.set),
        Syscall(96, "gettimeofday", .output(.timeval), .output(.timezone), handler: ClockCalls.getTimeOfDay),
        Syscall(
            159, "adjtimex", .update(.timeAdjustment), support: .partial,
            note: "asking only; adjusting the clock is EPERM",
            handler: ClockCalls.adjust),
        Syscall(201, "time", .output(.int64), handler: ClockCalls.time),
        Syscall(
            222, "timer_create", .named(.clock), .input(.signalEvent), .output(.int32), support: .partial,
            note: "no alarm clocks, none on other processes' time; processor time as for setitimer",
            handler: TimerCalls.create),
        Syscall(
            223, "timer_settime", .integer, .named(.timerSetting), .input(.intervalSpec), .output(.intervalSpec),
            support: .partial,
            note: "setting the host's clock does not move a timer's end", handler: TimerCalls.setTime),
        Syscall(224, "timer_gettime", .integer, .output(.intervalSpec), handler: TimerCalls.getTime),
        Syscall(225, "timer_getoverrun", .integer, handler: TimerCalls.getOverrun),
        Syscall(226, "timer_delete", .integer, handler: TimerCalls.delete),
        Syscall(228, "clock_gettime", .named(.clock), .output(.timespec), handler: ClockCalls.getTime),
        Syscall(229, "clock_getres", .named(.clock), .output(.timespec), handler: ClockCalls.getResolution),
        Syscall(
            230, "clock_nanosleep", .named(.clock), .named(.timerSetting), .input(.timespec),
            .output(.timespec, .interrupted), callClass: .mayWait, support: .partial,
            note: "no sleeping on processor time or alarm clocks; setting the host's clock does not move a sleep's end",
            handler: SleepCalls.clockNanosleep),
        Syscall(
            305, "clock_adjtime", .named(.clock), .update(.timeAdjustment), support: .partial,
            note: "asking only; adjusting a clock is EPERM", handler: ClockCalls.adjustClock),
    ]
}
