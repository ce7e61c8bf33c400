/// A difference between the two traces of a command that is by design.
struct ExpectedDifference: Sendable {
    let reason: String
    /// A thread's lines without what is not compared.
    let removed: @Sendable ([TraceLine]) -> [TraceLine]

    /// Keep this short: what stands here is not compared.
    static let all = [
        ExpectedDifference(reason: "a guest's kernel has no rseq, and the C library asks but once") { lines in
            lines.filter { $0.callName != "rseq" }
        },
        ExpectedDifference(reason: "strace is its command's parent; a guest is no child") { lines in
            lines.map { $0.callName == "getppid" || $0.callName == "getpgrp" ? $0.withoutResult : $0 }
        },
        ExpectedDifference(reason: "a guest has memory of its own: /proc/self/maps has another text") { lines in
            withoutReads(of: "/proc/self/maps", lines)
        },
        ExpectedDifference(reason: "a guest's SIGKILL to itself returns before the guest ends") { lines in
            lines.map { $0.callName == "kill" && $0.text.contains(", SIGKILL)") ? $0.withoutResult : $0 }
        },
        ExpectedDifference(reason: "with -n strace has the last call's number before ends, too") { lines in
            lines.map(withoutNumber)
        },
    ]

    /// The lines without what differs by design.
    static func removed(from lines: [TraceLine]) -> [TraceLine] {
        all.reduce(lines) { lines, difference in difference.removed(lines) }
    }

    private static func withoutNumber(_ line: TraceLine) -> TraceLine {
        guard line.callName == nil, line.text.hasPrefix("["), let end = line.text.firstIndex(of: "]") else {
            return line
        }
        var line = line
        line.text = String(line.text[end...].dropFirst(2))
        return line
    }

    /// Without what is read of a file, and where it is put; that it is opened and closed stays.
    private static func withoutReads(of path: String, _ lines: [TraceLine]) -> [TraceLine] {
        var descriptor: Substring?
        return lines.filter { line in
            if line.text.contains("\"\(path)\"") { descriptor = line.result }
            guard let file = descriptor else { return true }
            if line.text.hasPrefix("close(\(file))") { descriptor = nil }
            return !["read", "lseek", "mmap", "munmap"].contains(line.callName ?? "")
        }
    }
}
