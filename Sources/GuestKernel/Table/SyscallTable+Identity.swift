import CGuestEntry

extension SyscallTable {
    private static let ofOneThread =
        "for the calling thread; libc does it on every thread of the guest's, the supervisor's helpers keep theirs"

    static let identity: [Syscall] = [
        Syscall(39, "getpid", handler: IdentityCalls.getPid),
        Syscall(110, "getppid", note: "the parent at the start", handler: IdentityCalls.getParentPid),
        Syscall(109, "setpgid", .processIdentity, .processIdentity, handler: IdentityCalls.setGroup),
        Syscall(111, "getpgrp", handler: IdentityCalls.getOwnGroup),
        Syscall(112, "setsid", handler: IdentityCalls.setSession),
        Syscall(121, "getpgid", .processIdentity, handler: IdentityCalls.getGroup),
        Syscall(124, "getsid", .processIdentity, handler: IdentityCalls.getSession),
        Syscall(102, "getuid", callClass: .passedOn),
        Syscall(104, "getgid", callClass: .passedOn),
        Syscall(107, "geteuid", callClass: .passedOn),
        Syscall(108, "getegid", callClass: .passedOn),
        Syscall(105, "setuid", .identity, callClass: .passedOn, support: .partial, note: ofOneThread),
        Syscall(106, "setgid", .identity, callClass: .passedOn, support: .partial, note: ofOneThread),
        Syscall(113, "setreuid", .identity, .identity, callClass: .passedOn, support: .partial, note: ofOneThread),
        Syscall(114, "setregid", .identity, .identity, callClass: .passedOn, support: .partial, note: ofOneThread),
        Syscall(115, "getgroups", .integer, .output(.identity, .result), callClass: .passedOn),
        Syscall(
            116, "setgroups", .integer, .input(.identity, .count(0)), callClass: .passedOn, support: .partial,
            note: ofOneThread),
        Syscall(
            117, "setresuid", .identity, .identity, .identity, callClass: .passedOn, support: .partial,
            note: ofOneThread),
        Syscall(118, "getresuid", .output(.identity), .output(.identity), .output(.identity), callClass: .passedOn),
        Syscall(
            119, "setresgid", .identity, .identity, .identity, callClass: .passedOn, support: .partial,
            note: ofOneThread),
        Syscall(120, "getresgid", .output(.identity), .output(.identity), .output(.identity), callClass: .passedOn),
        Syscall(122, "setfsuid", .identity, callClass: .passedOn),
        Syscall(123, "setfsgid", .identity, callClass: .passedOn),
        Syscall(
            125, "capget", .input(.capabilityHeader), .output(.capabilityData),
            handler: IdentityCalls.capabilities(__NR_capget)),
        Syscall(
            126, "capset", .input(.capabilityHeader), .input(.capabilityData), support: .partial, note: ofOneThread,
            handler: IdentityCalls.capabilities(__NR_capset)),
    ]
}
