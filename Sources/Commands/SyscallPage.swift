import GuestKernel
import Tracing

/// Every syscall with how it is done and what of it is there, from the one table: a part of docs/compatibility.md.
enum SyscallPage {
    static var lines: [String] {
        let rows = SyscallTable.rows.compactMap(\.self)
        let counts = SupportLevel.allCases.map { level in rows.count { $0.support == level } }
        return [
            "# System calls",
            "",
            "Of \(rows.count) system calls of x86-64 \(counts[0]) work in full, \(counts[1]) in part,",
            "and \(counts[2]) are refused by a clean error. A number that is not here is ENOSYS.",
            "The report of a run (`--report`) counts what a guest called, and what of it was refused.",
            "",
            "| number | call | | done | note |",
            "|---|---|---|---|---|",
        ] + rows.sorted { $0.number < $1.number }.map(line)
    }

    private static func line(of row: Syscall) -> String {
        let note = row.callClass == .refused ? "\(refusal(of: row)): \(row.note)" : row.note
        return "| \(row.number) | `\(row.name)` | \(word(for: row.support)) | \(word(for: row.callClass)) | \(note) |"
    }

    private static func refusal(of row: Syscall) -> String {
        row.refusal == 0 ? "ENOSYS" : errnoName(row.refusal)
    }

    private static func word(for level: SupportLevel) -> String {
        switch level {
        case .full: "full"
        case .partial: "in part"
        case .none: "no"
        }
    }

    private static func word(for callClass: SyscallClass) -> String {
        switch callClass {
        case .answeredHere, .mayWait: "by the guest's kernel"
        case .passedOn: "by the host's, with descriptors, paths and pointers translated"
        case .refused: ""
        }
    }
}
