import GuestMemory

/// /proc/self/limits: the guest's own limits, which are not the supervisor's.
enum ProcLimits {
    /// In the order of the resources' numbers (lnames in fs/proc/base.c).
    private static let rows: [(name: String, unit: String)] = [
        ("Max cpu time", "seconds"), ("Max file size", "bytes"), ("Max data size", "bytes"),
        ("Max stack size", "bytes"), ("Max core file size", "bytes"), ("Max resident set", "bytes"),
        ("Max processes", "processes"), ("Max open files", "files"), ("Max locked memory", "bytes"),
        ("Max address space", "bytes"), ("Max file locks", "locks"), ("Max pending signals", "signals"),
        ("Max msgqueue size", "bytes"), ("Max nice priority", ""), ("Max realtime priority", ""),
        ("Max realtime timeout", "us"),
    ]

    static func text(_ kernel: GuestKernel) -> [UInt8] {
        var text = ByteText()
        append("Limit", "Soft Limit", "Hard Limit", "Units", to: &text)
        for (resource, row) in rows.enumerated() {
            let limit = kernel.limits.get(resource)
            append(row.name, shown(limit.soft), shown(limit.hard), row.unit, to: &text)
        }
        return text.bytes
    }

    private static func append(
        _ name: String, _ soft: String, _ hard: String, _ unit: String, to text: inout ByteText
    ) {
        text.append(name, width: 26)
        text.append(soft, width: 21)
        text.append(hard, width: 21)
        if !unit.isEmpty { text.append(unit, width: 10) }
        text.append("\n")
    }

    private static func shown(_ limit: UInt64) -> String {
        limit == ResourceLimits.infinity ? "unlimited" : String(limit)
    }
}
