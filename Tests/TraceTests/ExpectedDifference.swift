/// A difference between the two traces of a command that is by design.
struct ExpectedDifference: Sendable {
    let reason: String
    /// A thread's lines without what is not compared.
    let removed: @Sendable ([TraceLine]) -> [TraceLine]

    /// Keep this short: what stands here is not compared.
    static let all = [
        ExpectedDifference(reason: "a guest has no restartable sequences: its kernel does not know the call") { lines in
            lines.map { $0.callName == "rseq" ? $0.withoutResult : $0 }
        },
        ExpectedDifference(reason: "strace is its command's parent; understudy and its guest are one process") { lines in
            lines.map { $0.callName == "getppid" || $0.callName == "getpgrp" ? $0.withoutResult : $0 }
        },
        ExpectedDifference(reason: "a guest has memory of its own: /proc/self/maps has another text") { lines in
            withoutReads(of: "/proc/self/maps", lines)
        },
    ]

    /// The lines without what differs by design.
    static func removed(from lines: [TraceLine]) -> [TraceLine] {
        all.reduce(lines) { lines, difference in difference.removed(lines) }
    }

    /// Without what is read of a file, and where it is put; that it is opened and closed stays.
    private static func withoutReads(of path: String, _ lines: [TraceLine]) -> [TraceLine] {
        var descriptor: Substring?
        return lines.filter { line in
            if line.text.contains("\"\(path)\"") { descriptor = line.result }
            guard let file = descriptor else { return true }
            if line.text.hasPrefix("close(\(file))") { descriptor = nil }
            return !["read", "mmap", "munmap"].contains(line.callName ?? "")
        }
    }
}
