extension Selection {
    /// O_CREAT, or what O_TMPFILE has besides O_DIRECTORY.
    private static let makesFile: UInt64 = 0x40 | 0x40_0000

    func selectMode(_ flags: UInt64, _ index: Int, _ shape: inout CallShape) {
        if flags & Selection.makesFile == 0 { shape.end(from: index) } else { shape.end(from: index, .mode) }
    }

    /// fcntl's commands (linux/fcntl.h, asm-generic/fcntl.h).
    func selectFileControl(_ command: Int32, _ shape: inout CallShape) {
        switch command {
        case 0, 1030:
            shape.end(from: 2, .long)
            shape.result = .descriptor
        case 1:
            shape.end(from: 2)
            shape.result = .descriptorFlags
        case 2: shape.end(from: 2, .named(.descriptorFlags))
        case 3:
            shape.end(from: 2)
            shape.result = .openFlags
        case 4: shape.end(from: 2, .named(.openFlags))
        case 5, 36: shape.end(from: 2, .update(.fileLock))
        case 6, 7, 37, 38: shape.end(from: 2, .input(.fileLock))
        case 8: shape.end(from: 2, .processIdentity)
        case 10: shape.end(from: 2, .signal)
        case 9, 1032: shape.end(from: 2)
        case 1025:
            shape.end(from: 2)
            shape.result = .lockType
        case 11:
            shape.end(from: 2)
            shape.result = .signal
        case 15: shape.end(from: 2, .input(.fileOwner))
        case 16: shape.end(from: 2, .output(.fileOwner))
        case 1024: shape.end(from: 2, .named(.lockType))
        case 1031: shape.end(from: 2, .integer)
        case 1033: shape.end(from: 2, .named(.seals))
        case 1034:
            shape.end(from: 2)
            shape.result = .seals
        case 1035, 1037: shape.end(from: 2, .output(.uint64))
        case 1036, 1038: shape.end(from: 2, .input(.uint64))
        default: shape.end(from: 2, .bits)
        }
    }

    /// ioctl's commands (asm-generic/ioctls.h, linux/fs.h).
    func selectDeviceControl(_ command: UInt32, _ shape: inout CallShape) {
        switch command {
        // TCGETS, TCGETS2, TCSETS, TCSETSW, TCSETSF, TCSETS2: the longer ones begin as the others
        case 0x5401, 0x802C_542A: shape.end(from: 2, .output(.terminal))
        case 0x5402, 0x5403, 0x5404, 0x402C_542B: shape.end(from: 2, .input(.terminal))
        // TCSBRK, TCXONC, TIOCSCTTY, TCSBRKP
        case 0x5409, 0x540A, 0x540E, 0x5425: shape.end(from: 2, .integer)
        // TCFLSH
        case 0x540B: shape.end(from: 2, .named(.flushQueue))
        // TIOCGPGRP, TIOCOUTQ, FIONREAD, TIOCGETD, TIOCGSID, TIOCGPTN, TIOCGPTLCK
        case 0x540F, 0x5411, 0x541B, 0x5424, 0x5429, 0x8004_5430, 0x8004_5439:
            shape.end(from: 2, .output(.int32))
        // TIOCSPGRP, FIONBIO, TIOCPKT, TIOCSETD, FIOASYNC, TIOCSPTLCK
        case 0x5410, 0x5420, 0x5421, 0x5423, 0x5452, 0x4004_5431: shape.end(from: 2, .input(.int32))
        case 0x5413: shape.end(from: 2, .output(.windowSize))
        case 0x5414: shape.end(from: 2, .input(.windowSize))
        // TIOCEXCL, TIOCNXCL, TIOCNOTTY, FIONCLEX, FIOCLEX
        case 0x540C, 0x540D, 0x5422, 0x5450, 0x5451: shape.end(from: 2)
        // FICLONE
        case 0x4004_9409:
            shape.end(from: 2, .descriptor)
        // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, BLKGETSIZE64
        case 0x8008_6601: shape.end(from: 2, .output(.uint32))
        case 0x4008_6602: shape.end(from: 2, .input(.uint32))
        case 0x8008_1272: shape.end(from: 2, .output(.uint64))
        default: shape.end(from: 2, .bits)
        }
    }

    /// EPOLL_CTL_DEL has no event.
    func selectEvent(_ operation: Int32, _ shape: inout CallShape) {
        shape.end(from: 3, operation == 2 ? .pointer : .input(.epollEvent))
    }

    /// MREMAP_FIXED or MREMAP_DONTUNMAP: there is a new address.
    func selectRemapping(_ flags: UInt64, _ shape: inout CallShape) {
        if flags & 6 == 0 { shape.end(from: 4) } else { shape.end(from: 4, .pointer) }
    }
}
