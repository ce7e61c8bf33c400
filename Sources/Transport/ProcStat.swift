/// What matters here of a line of /proc/PID/stat (proc_pid_stat(5)).
struct ProcStat {
    let pid: Int32
    /// Field 22.
    let startTime: UInt64

    /// The name, field 2, stands in parentheses and may hold anything, parentheses and spaces too: fields are counted
    /// from the last one.
    init(parsing line: String) throws(TransportError) {
        guard let end = line.lastIndex(of: ")"), let pid = Int32(line.prefix { $0 != " " }) else {
            throw TransportError("a line of /proc/PID/stat makes no sense")
        }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > ProcStat.startTimeAfterName, let startTime = UInt64(fields[ProcStat.startTimeAfterName])
        else { throw TransportError("a line of /proc/PID/stat makes no sense") }
        self.pid = pid
        self.startTime = startTime
    }

    private static let startTimeAfterName = 22 - 3
}
