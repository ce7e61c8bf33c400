import Foundation
import TestSupport
import Testing

/// `-c` and what belongs to it, compared with strace's table.
@Suite("summaries compared with strace's", .startsGuests)
struct TraceSummaryOptionTests {
    /// A table as strace prints it, in columns.
    private struct Table {
        let header: Substring
        /// calls and errors by name.
        var rows: [Substring: [Int]] = [:]
        var names: [Substring] = []
        var total: [Int] = []

        init(_ text: String) throws {
            let lines = text.split(separator: "\n").drop { !$0.hasPrefix("% time") }
            header = lines.first ?? ""
            for line in lines.dropFirst() where !line.hasPrefix("---") {
                let fields = line.split(separator: " ")
                guard fields.count >= 5, let name = fields.last else { throw TestFailure("no row of a table: \(line)") }
                let numbers = fields[3...].compactMap { Int($0) }
                // The errors' column is empty where there are none.
                let row = [numbers.first ?? -1, numbers.count > 1 ? numbers[1] : 0]
                if name == "total" {
                    total = row
                } else {
                    names.append(name)
                    rows[name] = row
                }
            }
        }
    }

    private static let columns = ["-U", "time-percent,total-time,avg-time,calls,errors,name"]

    private func outputs(_ options: [String], columns: [String] = columns) async throws -> (
        strace: String, ours: String
    ) {
        try await TraceFixture.withDirectory { scratch in
            let traced = TraceCase("cp -a tree copied", options: options)
            let reference = try await traced.run(.strace, in: scratch).trace
            let ours = try await TraceCase(traced.line, options: options + columns).run(.understudy, in: scratch).trace
            return (reference, ours)
        }
    }

    @Test("the same calls and errors; columns that add up", arguments: [["-c"], ["-C"], ["-c", "-e", "trace=%file"]])
    func counts(_ options: [String]) async throws {
        let (reference, ours) = try await outputs(options)
        let (theirs, mine) = try (Table(reference), Table(ours))
        try #require(theirs.header == mine.header, "\(mine.header)")
        // A guest's kernel does not know rseq: see ExpectedDifference.
        for (name, row) in theirs.rows where name != "rseq" { try #require(mine.rows[name] == row, "\(name): \(row)") }
        for name in mine.names where name != "rseq" { try #require(theirs.rows[name] != nil, "\(name)") }
        for index in 0..<2 { try #require(mine.total[index] == mine.rows.values.reduce(0) { $0 + $1[index] }) }
        let lines = ours.split(separator: "\n").filter { $0.contains(") = ") || $0.contains(")  ") }
        try #require(lines.isEmpty == (options != ["-C"]))
    }

    @Test("the order of rows", arguments: ["name", "calls", "errors", "time", "nothing"])
    func order(_ order: String) async throws {
        let (reference, ours) = try await outputs(["-c", "-S", order])
        let (theirs, mine) = try (Table(reference), Table(ours))
        switch order {
        case "name": try #require(mine.names == theirs.names)
        case "calls":
            let counts = mine.names.compactMap { mine.rows[$0]?[0] }
            try #require(counts == counts.sorted(by: >) && counts.count == theirs.names.count)
        case "errors":
            let counts = mine.names.compactMap { mine.rows[$0]?[1] }
            try #require(counts == counts.sorted(by: >))
        case "time":
            let shares = ours.split(separator: "\n").dropFirst(2).compactMap { line in
                line.split(separator: " ").first.flatMap { Double($0) }
            }
            try #require(shares.dropLast() == shares.dropLast().sorted(by: >)[...] && shares.last == 100)
            try #require(abs(shares.dropLast().reduce(0, +) - 100) < 0.3)
        default: try #require(Set(mine.names) == Set(theirs.names))
        }
    }

    @Test(
        "columns as they are asked for",
        arguments: ["calls,name", "name,calls,errors", "min-time,max-time,name,avg-time"])
    func columns(_ columns: String) async throws {
        try await TraceFixture.withDirectory { scratch in
            let traced = TraceCase("cat words", options: ["-c", "-U", columns])
            let reference = try await traced.run(.strace, in: scratch).trace.split(separator: "\n")
            let ours = try await traced.run(.understudy, in: scratch).trace.split(separator: "\n")
            try #require(reference[0] == ours[0] && reference[1] == ours[1], "\(ours[0])")
        }
    }

    @Test("as JSON: the same numbers")
    func json() async throws {
        let text = try await outputs(["-c"]).ours
        let table = try Table(text)
        try await TraceFixture.withDirectory { scratch in
            let json = try await TraceCase("cp -a tree copied", options: ["-c", "--json"]).run(.understudy, in: scratch)
                .trace
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            try #require(object?["type"] as? String == "summary" && object?["v"] as? Int == 1)
            let calls = object?["calls"] as? [[String: Any]] ?? []
            try #require(calls.count == table.names.count)
            for call in calls {
                let name = try #require(call["name"] as? String)
                try #require(
                    table.rows[Substring(name)] == [call["calls"] as? Int ?? -1, call["errors"] as? Int ?? -1],
                    "\(name)")
                let times = ["min_ns", "p50_ns", "p99_ns", "max_ns", "total_ns"].compactMap { call[$0] as? Int }
                try #require(times.count == 5 && times == times.sorted(), "\(call)")
            }
        }
    }
}
