import RecordCoding

/// Which process on which machine a side is.
public struct PeerIdentity: Equatable, Sendable {
    /// /proc/sys/kernel/random/boot_id.
    public var bootIdentity: String
    /// The inode of /proc/self/ns/pid: pids mean the same in one namespace only.
    public var pidNamespace: UInt64
    public var pid: Int32
    /// In clock ticks after boot (field 22 of proc_pid_stat(5)): a pid that is used again has another.
    public var startTicks: UInt64

    public init(bootIdentity: String, pidNamespace: UInt64, pid: Int32, startTicks: UInt64) {
        self.bootIdentity = bootIdentity
        self.pidNamespace = pidNamespace
        self.pid = pid
        self.startTicks = startTicks
    }

    /// Whether processes of both can be found by pid from either.
    public func isSameMachine(as other: PeerIdentity) -> Bool {
        bootIdentity == other.bootIdentity && pidNamespace == other.pidNamespace && !bootIdentity.isEmpty
    }

    func write(to writer: inout RecordWriter) {
        writer.put(bootIdentity)
        writer.put(pidNamespace)
        writer.put(pid)
        writer.put(startTicks)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        bootIdentity = try reader.getText()
        pidNamespace = try reader.get()
        pid = try reader.get()
        startTicks = try reader.get()
    }
}
