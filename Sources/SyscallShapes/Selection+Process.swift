extension Selection {
    /// futex's operations (linux/futex.h), without the bits for a private futex and the clock.
    func selectFutex(_ operation: Int32, _ shape: inout CallShape) {
        switch operation & 127 {
        case 0: shape.end(from: 3, .input(.timespec))
        case 1: shape.end(from: 3)
        case 3: shape.end(from: 3, .unsigned, .pointer)
        case 4, 12:
            shape.end(from: 3, .unsigned, .pointer, .unsigned)
        case 5: shape.end(from: 3, .unsigned, .pointer, .named(.futexWakeOperation))
        case 6, 13:
            shape.kinds[2] = .absent
            shape.end(from: 3, .input(.timespec))
        case 7, 8: shape.end(from: 2)
        case 9: shape.end(from: 3, .input(.timespec), .absent, .named(.futexBits))
        case 10: shape.end(from: 3, .absent, .absent, .named(.futexBits))
        case 11: shape.end(from: 3, .input(.timespec), .pointer)
        default: shape.end(from: 3, .bits, .pointer, .bits)
        }
    }

    /// prctl's options (linux/prctl.h).
    func selectProcessControl(_ option: Int32, _ shape: inout CallShape) {
        switch option {
        // PR_SET_PDEATHSIG, PR_GET_PDEATHSIG
        case 1: shape.end(from: 1, .signal)
        case 2: shape.end(from: 1, .output(.int32))
        // PR_GET_DUMPABLE, _KEEPCAPS, _TIMING, _SECUREBITS, _SECCOMP, _TIMERSLACK
        case 3, 7, 13, 21, 27, 30: shape.end(from: 1)
        case 4: shape.end(from: 1, .named(.dumpable))
        // PR_SET_KEEPCAPS, _TIMERSLACK, _CHILD_SUBREAPER
        case 8, 29, 36: shape.end(from: 1, .size)
        case 15: shape.end(from: 1, .string)
        case 16: shape.end(from: 1, .output(.path, .fixed(16)))
        // PR_CAPBSET_READ, PR_CAPBSET_DROP
        case 23, 24: shape.end(from: 1, .named(.capability))
        // PR_GET_TSC, PR_GET_CHILD_SUBREAPER
        case 25, 37: shape.end(from: 1, .output(.int32))
        case 40: shape.end(from: 1, .output(.address))
        // PR_SET_NO_NEW_PRIVS, PR_SET_THP_DISABLE
        case 38, 41: shape.end(from: 1, .size, .bits, .bits, .bits)
        // PR_SET_VMA
        case 0x53_56_4d_41: shape.end(from: 1, .named(.vmaControl), .pointer, .size, .string)
        default: shape.end(from: 1, .bits, .bits, .bits, .bits)
        }
    }

    /// arch_prctl's codes (asm/prctl.h).
    func selectArchControl(_ code: Int32, _ shape: inout CallShape) {
        switch code {
        // ARCH_SET_GS, ARCH_SET_FS
        case 0x1001, 0x1002: shape.end(from: 1, .pointer)
        // ARCH_GET_FS, ARCH_GET_GS
        case 0x1003, 0x1004: shape.end(from: 1, .output(.address))
        // ARCH_GET_CPUID
        case 0x1011: shape.end(from: 1)
        default: shape.end(from: 1, .bits)
        }
    }
}
