import Glibc

/// A process as the host sees it, whoever's child it is (proc_pid_stat(5)).
struct HostProcess {
    enum State {
        case living
        /// All that can be seen of a whole process: its first thread stands still.
        case stopped
    }

    let state: State
    /// In the host's clock ticks since it was started: a number that is given out again comes with another.
    let startTicks: UInt64

    /// Nil for one that has ended, whether somebody has waited for it or not.
    init?(_ pid: Int32) {
        guard let fields = HostProcess.fields("/proc/\(pid)/stat"), let letter = fields.first?.first else { return nil }
        switch letter {
        case UInt8(ascii: "Z"), UInt8(ascii: "X"): return nil
        case UInt8(ascii: "T"), UInt8(ascii: "t"): state = .stopped
        default: state = .living
        }
        startTicks = UInt64(String(decoding: fields[HostProcess.startTimeIndex], as: UTF8.self)) ?? 0
    }

    /// Waits until a process that was sent SIGSTOP stands still. Its other threads are told before the first one does
    /// (do_signal_stop in kernel/signal.c), and stop within microseconds.
    static func waitUntilStopped(_ pid: Int32) {
        var pause = timespec(tv_sec: 0, tv_nsec: 1_000_000)
        for _ in 0..<100 {
            let state = HostProcess(pid)?.state
            nanosleep(&pause, nil)
            if state != .living { return }
        }
    }

    /// Fields from the third on; the second, the name, may hold anything.
    private static func fields(_ path: String) -> [ArraySlice<UInt8>]? {
        let bytes = HostFile.contents(path)
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > startTimeIndex ? fields : nil
    }

    private static let startTimeIndex = 22 - 3
}
