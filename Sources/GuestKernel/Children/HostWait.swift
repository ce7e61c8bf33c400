import CGuestEntry
import Glibc
import GuestMemory

/// waitid(2) for one process, without waiting.
enum HostWait {
    // WEXITED, WNOWAIT and their like of linux/wait.h.
    static let hang: Int32 = 1
    static let stopped: Int32 = 2
    static let exited: Int32 = 4
    static let continued: Int32 = 8
    static let keeps: Int32 = 0x0100_0000
    // CLD_* of asm-generic/siginfo.h.
    static let codeExited: Int32 = 1
    static let codeKilled: Int32 = 2
    static let codeDumped: Int32 = 3
    static let codeStopped: Int32 = 5
    static let codeContinued: Int32 = 6
    private static let anyKind: Int32 = 0x4000_0000
    private static let ofProcess: UInt64 = 1

    /// What became of a child.
    struct Change {
        /// As SIGCHLD tells it: pid, user, status.
        var info: SignalInfo
        /// struct rusage; empty where nobody knows.
        var usage: [UInt8] = []

        var isEnd: Bool { (codeExited...codeDumped).contains(info.code) }
        var pid: Int32 { Int32(truncatingIfNeeded: info.field0) }

        /// The status as wait4(2) has it.
        var status: Int32 {
            let status = Int32(truncatingIfNeeded: info.field1)
            switch info.code {
            case codeExited: return (status & 0xff) << 8
            case codeDumped: return status & 0x7f | 0x80
            case codeKilled: return status & 0x7f
            case codeContinued: return 0xffff
            default: return (status & 0xff) << 8 | 0x7f
            }
        }
    }

    static let usageByteCount = 144

    /// Takes what is new of a process; nil for nothing. `options` are waitid's.
    static func take(_ pid: Int32, options: Int32) -> Change? {
        if options & (exited | stopped | continued) == 0 { return nil }
        var usage = [UInt8](repeating: 0, count: usageByteCount)
        guard let info = wait(pid, options, &usage) else { return nil }
        return Change(info: info, usage: usage)
    }

    /// How a process has ended, which somebody else may still take; nil while it lives.
    static func peek(_ pid: Int32) -> SignalInfo? {
        var usage = [UInt8](repeating: 0, count: usageByteCount)
        return wait(pid, exited | keeps, &usage)
    }

    private static func wait(_ pid: Int32, _ options: Int32, _ usage: inout [UInt8]) -> SignalInfo? {
        withUnsafeTemporaryAllocation(byteCount: SignalInfo.byteCount, alignment: 8) { info in
            info.initializeMemory(as: UInt8.self, repeating: 0)
            let flags = UInt64(UInt32(bitPattern: options | hang | anyKind))
            let result = hostCall(
                __NR_waitid, ofProcess, UInt64(signed: pid), UInt64(address: info.baseAddress), flags,
                UInt64(address: &usage))
            // Nothing new: no signal is named.
            guard result == 0, info.load(as: Int32.self) != 0 else { return nil }
            return info.load(as: SignalInfo.self)
        }
    }
}
