import Glibc

/// What a process of this machine uses, by /proc.
enum ProcessUsage {
    /// Memory that is its own, with its part of what it shares (PSS).
    static func residentBytes(of pid: Int32) throws(MeasurementError) -> Double {
        let path = "/proc/\(pid)/smaps_rollup"
        for line in try HostFile.text(of: path).split(separator: "\n") where line.hasPrefix("Pss:") {
            if let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
                return kibibytes * 1024
            }
        }
        throw MeasurementError("\(path) has no Pss")
    }

    /// Of all its threads since it began.
    static func processorSeconds(of pid: Int32) throws(MeasurementError) -> Double {
        let path = "/proc/\(pid)/stat"
        // "pid (name) state …", where the name may hold anything; then utime and stime are the 12th and 13th.
        let fields = try HostFile.text(of: path).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw MeasurementError("\(path) makes no sense")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
