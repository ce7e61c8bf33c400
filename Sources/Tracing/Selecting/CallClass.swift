import GuestKernel

/// A class of calls that `-e trace=` knows by name.
enum CallClass: String, CaseIterable {
    case file = "%file"
    case descriptors = "%desc"
    case memory = "%memory"
    case network = "%network"
    case process = "%process"
    case signals = "%signal"
    case systemV = "%ipc"
    case credentials = "%creds"
    case clocks = "%clock"
    case stat = "%stat"
    case lstat = "%lstat"
    case fstat = "%fstat"
    case allStat = "%%stat"
    case statfs = "%statfs"
    case fstatfs = "%fstatfs"
    case allStatfs = "%%statfs"
    case pure = "%pure"

    /// Also the short forms, and the names without a percent sign that older scripts use.
    init?(name: String) {
        let full = CallClass.otherNames[name] ?? name
        guard let found = CallClass(rawValue: full) else { return nil }
        self = found
    }

    private static let otherNames = [
        "%net": "%network", "%mem": "%memory", "file": "%file", "desc": "%desc", "memory": "%memory",
        "network": "%network", "process": "%process", "signal": "%signal", "ipc": "%ipc",
    ]

    var selection: CallSelection {
        let names = Set(members.split(separator: " ").map(String.init))
        let rows = SyscallTable.rows.compactMap { $0 }.filter { names.contains($0.name) }
        return CallSelection(numbers: rows.map(\.number))
    }
}
