import Glibc

/// Where it was measured: figures of another machine say little.
public struct MachineFacts: Encodable, Sendable {
    public var processor: String
    public var processorCount: Int
    public var memoryBytes: UInt64
    public var kernel: String
    public var system: String
    /// Of the programs that are measured or compared with, by name; those that are not there are missing.
    public var versions: [String: String] = [:]

    public init() {
        var names = utsname()
        uname(&names)
        kernel = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        processor = MachineFacts.field("model name", of: "/proc/cpuinfo", separator: ":") ?? "unknown"
        processorCount = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memoryBytes = UInt64(sysconf(Int32(_SC_PHYS_PAGES))) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        let quoted = MachineFacts.field("PRETTY_NAME", of: "/etc/os-release", separator: "=") ?? "unknown"
        system = quoted.filter { $0 != "\"" }
        for (name, command) in MachineFacts.versionCommands {
            guard let path = HostPrograms.path(of: name) else { continue }
            guard let said = try? ChildProcess.output(of: [path] + command, secondsMax: 20) else { continue }
            versions[name] = said.split(separator: "\n").first.map { String($0.prefix(100)) }
        }
    }

    private static let versionCommands = [
        ("redis-server", ["--version"]), ("strace", ["--version"]), ("sqlite3", ["--version"]),
        ("python3", ["--version"]), ("gcc", ["--version"]),
    ]

    private static func field(_ name: String, of path: String, separator: Character) -> String? {
        guard let text = try? HostFile.text(of: path) else { return nil }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: separator, maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != "\t" }) == name else { continue }
            return String(parts[1].drop { $0 == " " })
        }
        return nil
    }
}
