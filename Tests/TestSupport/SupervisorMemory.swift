import Glibc

/// What a process of Understudy's has in memory besides its guest.
public enum SupervisorMemory {
    /// The guest's addresses end there (32 TiB).
    private static let arenaEnd: UInt64 = 0x2000_0000_0000

    /// Bytes that are resident (proc_pid_smaps(5)); throws where the process is gone.
    public static func residentByteCount(of pid: pid_t) throws -> Int {
        var isSupervisors = false
        var kilobytes = 0
        for line in try text(of: pid).split(separator: "\n") {
            if line.hasPrefix("Rss:") {
                let number = line.dropFirst(4).split(separator: " ").first.flatMap { Int($0) }
                if isSupervisors, let number { kilobytes += number }
            } else if let start = UInt64(line.prefix { $0 != "-" }, radix: 16) {
                isSupervisors = start >= arenaEnd
            }
        }
        guard kilobytes > 0 else { throw TestFailure("process \(pid) has no memory") }
        return kilobytes << 10
    }

    /// FileManager reads no more than a page of it, as the file's size is said to be 0.
    private static func text(of pid: pid_t) throws -> String {
        guard let file = fopen("/proc/\(pid)/smaps", "re") else {
            throw TestFailure("/proc/\(pid)/smaps cannot be read")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(count)
        }
    }
}
