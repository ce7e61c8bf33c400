import ArgumentParser
import FoundationEssentials
import Glibc
import Supervisor

/// `understudy check`: what this kernel and CPU offer, and what will be used.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Show what this kernel and CPU offer, and what will be used.",
        discussion: "Each feature is tried. Exits 0 if run can work here, 125 if not.")

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: ArgumentHelp("Print docs/compatibility.md.", visibility: .hidden))
    var syscalls = false

    func run() throws {
        if syscalls {
            for line in SyscallPage.lines { print(line) }
            return
        }
        let check = HostCheck.make()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(check), as: UTF8.self))
        } else {
            for line in CheckCommand.table(of: check) { print(line) }
        }
        if !check.canRun { throw ExitCode(SupervisorError.Code.failed.rawValue) }
    }

    private static func table(of check: HostCheck) -> [String] {
        var rows = [["FEATURE", "HERE", "SINCE", "FOUND", "USED INSTEAD"]]
        for feature in check.features {
            let instead = feature.isAvailable ? "" : feature.instead ?? "nothing: run cannot do without it"
            rows.append([feature.name, feature.isAvailable ? "yes" : "no", feature.since, feature.detail, instead])
        }
        let widths = (0..<rows[0].count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = ["Linux \(check.kernel) on \(check.machine)", ""]
        lines += rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        let verdict = check.canRun ? "run works here" : "run cannot work here"
        return lines + ["", "--dispatch auto uses \(check.dispatch ?? "nothing"); \(verdict)."]
    }
}
