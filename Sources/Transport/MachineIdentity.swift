import Glibc

/// Which process of which machine: enough never to take another process for it, however often pids were used again.
public struct MachineIdentity: Equatable, Sendable {
    /// /proc/sys/kernel/random/boot_id: another machine, or the same one started again, has another.
    public let bootIdentity: String
    public let pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks from the machine's start to the process's (proc_pid_stat(5)).
    public let startTime: UInt64
    /// The inode of /proc/PID/ns/pid: in which pid namespace `pid` means something.
    public let pidNamespace: UInt64

    public init(bootIdentity: String, pid: Int32, startTime: UInt64, pidNamespace: UInt64) {
        self.bootIdentity = bootIdentity
        self.pid = pid
        self.startTime = startTime
        self.pidNamespace = pidNamespace
    }

    /// This process's.
    public static func own() throws(TransportError) -> MachineIdentity {
        let pid = getpid()
        let boot = try ProcFile.read("/proc/sys/kernel/random/boot_id")
        let status = try ProcStat(parsing: ProcFile.read("/proc/self/stat"))
        // Otherwise the pids below /proc are not those that the calls take.
        guard status.pid == pid else {
            throw TransportError("/proc is of another pid namespace: mount one for this namespace")
        }
        return MachineIdentity(
            bootIdentity: String(boot.prefix { !$0.isNewline }), pid: pid, startTime: status.startTime,
            pidNamespace: try ProcFile.namespace("/proc/self/ns/pid"))
    }

    public func isSameMachine(as other: MachineIdentity) -> Bool {
        !bootIdentity.isEmpty && bootIdentity == other.bootIdentity
    }
}
