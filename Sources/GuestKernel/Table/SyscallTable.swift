import Glibc
import GuestMemory
import SyscallShapes

/// The one table of syscalls: it drives dispatch, and later tracing and the compatibility page.
public enum SyscallTable {
    /// One more than the highest number that has a name (x86-64 asm/unistd_64.h, Linux 6.18).
    public static let count = 512

    /// All rows by number; nil where the number has none.
    public static let rows: [Syscall?] = {
        var rows = [Syscall?](repeating: nil, count: count)
        for family in families {
            for row in family {
                precondition(rows[row.number] == nil, "syscall \(row.number) stands twice in the table")
                rows[row.number] = row
            }
        }
        return rows
    }()

    /// What the arguments and results of all calls mean, by number. A number without a row has six plain words.
    public static let shapes: [CallShape] = rows.map { row in
        row.map { CallShape($0.arguments, result: $0.result) } ?? CallShape([ArgumentKind](repeating: .bits, count: 6))
    }

    /// What a call's arguments mean, also of a number outside the table.
    public static func shape(of number: UInt32) -> CallShape {
        number < UInt32(count) ? shapes[Int(number)] : unknownShape
    }

    private static let unknownShape = CallShape([ArgumentKind](repeating: .bits, count: 6))

    static let families: [[Syscall]] = [
        memory, threads, futexes, signals, time, process, identity, files, paths, descriptors, transfers,
        pipes, events, copies, polling, sockets, refused,
    ]

    /// The name of a syscall, or `syscall_N` for a number that has none.
    public static func name(of number: Int) -> String {
        if number >= 0, number < count, let row = rows[number] { return row.name }
        return number == SyscallStatistics.otherNumbers ? "syscall_others" : "syscall_\(number)"
    }
}
