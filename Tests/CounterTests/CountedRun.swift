import Foundation
import TestSupport

/// What one run counted: the report's numbers, and the host's calls as strace sees them. strace makes everything slow,
/// and changes no counter that is stored.
struct CountedRun {
    private let report: [String: Any]
    private let calls: [String: Double]

    /// The command as strace is to start it; `scratch` gets what it counts.
    static func traced(_ command: Command, in scratch: ScratchDirectory) -> Command {
        var traced = command
        traced.program = "/usr/bin/strace"
        let words = ["-f", "-c", "-o", scratch.file("calls"), command.program]
        traced.arguments = words.map { Array($0.utf8) } + command.arguments
        return traced
    }

    static func reportPath(in scratch: ScratchDirectory) -> String { scratch.file("report") }

    /// Reads what a run that has ended has left.
    init(in scratch: ScratchDirectory) throws {
        let json = try JSONSerialization.jsonObject(with: Data(try scratch.read("report")))
        guard let report = json as? [String: Any] else { throw TestFailure("the report is no object") }
        self.report = report
        var calls: [String: Double] = [:]
        // "% time seconds usecs/call calls [errors] syscall"
        for line in String(decoding: try scratch.read("calls"), as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 5, let count = Double(fields[3]), let name = fields.last, name != "total" else {
                continue
            }
            calls[String(name), default: 0] += count
        }
        guard !calls.isEmpty else { throw TestFailure("strace has counted nothing") }
        self.calls = calls
    }

    /// A number of the report, by the names on the way to it.
    func figure(_ path: String...) throws -> Double {
        var value: Any? = report
        for name in path { value = (value as? [String: Any])?[name] }
        guard let number = value as? NSNumber else {
            throw TestFailure("the report has no \(path.joined(separator: "."))")
        }
        return number.doubleValue
    }

    /// Calls of the host: those of these names, and all others.
    func calls(_ names: [String]) -> Double { names.reduce(0) { $0 + (calls[$1] ?? 0) } }
    func calls(without names: [String]) -> Double { calls.values.reduce(0, +) - calls(names) }
}
