/// The commands that are passed on as they are; sockets have their own (SocketControl).
enum IoctlCommands {
    /// The argument is a number, or not looked at.
    static let withNumber: Set<UInt32> = [
        // TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TCSBRKP, TIOCSBRK, TIOCCBRK
        0x5409, 0x540a, 0x540b, 0x540c, 0x540d, 0x5425, 0x5427, 0x5428,
        // BLKFLSBUF
        0x1261,
    ]

    /// The argument points to a structure without pointers that count.
    static let withFlatPointer: Set<UInt32> = terminal.union(file)

    private static let terminal: Set<UInt32> = [
        // TCGETS, TCSETS, TCGETA, TCSETA, TIOCGPGRP, TIOCSPGRP, TIOCOUTQ, TIOCGWINSZ, TIOCSWINSZ, TIOCMGET, TIOCMBIS,
        // TIOCMBIC, TIOCMSET, TIOCGSOFTCAR, TIOCSSOFTCAR, FIONREAD, TIOCPKT, TIOCSETD, TIOCGETD, TIOCGSID, FIOQSIZE
        0x5401, 0x5402, 0x5405, 0x5406, 0x540f, 0x5410, 0x5411, 0x5413, 0x5414, 0x5415, 0x5416,
        0x5417, 0x5418, 0x5419, 0x541a, 0x541b, 0x5420, 0x5423, 0x5424, 0x5429, 0x5460,
        // TCGETS2, TCSETS2, TIOCGPTN, TIOCSPTLCK, TIOCGDEV, TIOCGPKT, TIOCGPTLCK, TIOCGEXCL
        0x802c_542a, 0x402c_542b, 0x8004_5430, 0x4004_5431, 0x8004_5432, 0x8004_5438, 0x8004_5439, 0x8004_5440,
    ]

    /// Those that change nothing, or only what the guest's kernel keeps.
    static let questions: Set<UInt32> = [
        // TCGETS, TCGETA, TIOCGPGRP, TIOCOUTQ, TIOCGWINSZ, TIOCMGET, TIOCGSOFTCAR, FIONREAD, FIONBIO, TIOCGETD
        0x5401, 0x5405, 0x540f, 0x5411, 0x5413, 0x5415, 0x5419, 0x541b, 0x5421, 0x5424, 0x5429,
        // FIONCLEX, FIOCLEX, FIOQSIZE, TCGETS2, TIOCGPTN, TIOCGDEV, TIOCGPKT, TIOCGPTLCK, TIOCGEXCL
        0x5450, 0x5451, 0x5460, 0x802c_542a, 0x8004_5430, 0x8004_5432, 0x8004_5438, 0x8004_5439, 0x8004_5440,
        // FIGETBSZ, FS_IOC_GETFLAGS
        2, 0x8008_6601,
    ]

    private static let file: Set<UInt32> = [
        // FIBMAP, FIGETBSZ, FS_IOC_GETFLAGS, SETFLAGS, GETVERSION, FSGETXATTR, FSSETXATTR, FIEMAP, GETFSLABEL
        1, 2, 0x8008_6601, 0x4008_6602, 0x8008_7601, 0x801c_581f, 0x401c_5820, 0xc020_660b, 0x8100_9431,
        // BLKROGET, BLKGETSIZE, BLKSSZGET, BLKIOMIN, BLKIOOPT, BLKALIGNOFF, BLKPBSZGET, BLKBSZGET, BLKGETSIZE64
        0x125e, 0x1260, 0x1268, 0x1278, 0x1279, 0x127a, 0x127b, 0x8008_1270, 0x8008_1272,
        // RNDGETENTCNT
        0x8004_5200,
    ]

    /// Settings that take effect once the output is sent: how many bytes they are.
    static func drainedByteCount(_ command: UInt32) -> Int? {
        switch command {
        case 0x5403, 0x5404: return 36  // TCSETSW, TCSETSF: struct termios
        case 0x5407, 0x5408: return 18  // TCSETAW, TCSETAF: struct termio
        case 0x402c_542c, 0x402c_542d: return 44  // TCSETSW2, TCSETSF2: struct termios2
        default: return nil
        }
    }
}
