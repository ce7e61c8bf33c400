import Foundation
import TestSupport
import Testing

/// `understudy bench`, started as a user starts it. Nothing is said about how long anything takes.
@Suite("understudy bench", .startsGuests)
struct BenchCommandTests {
    private static let measured = ["syscall", "--short", "--rounds", "1"]

    private func bench(_ words: [String], scratch: ScratchDirectory) -> Command {
        var command = Command(TestEnvironment.understudy, ["bench"] + words)
        command.environment.append("TMPDIR=\(scratch.path)")
        return command
    }

    private func scenario(_ json: [UInt8]) throws -> [String: Any] {
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        #expect(report["schema"] as? Int == 1)
        let machine = try #require(report["machine"] as? [String: Any])
        #expect(machine["kernel"] is String && machine["processor_count"] is Int)
        let scenarios = try #require(report["scenarios"] as? [[String: Any]])
        #expect(scenarios.count == 1)
        return try #require(scenarios.first)
    }

    @Test("tables, JSON and the page of one scenario, named twice")
    func syscall() async throws {
        try await ScratchDirectory.with { scratch in
            let (json, html, plots) = (scratch.file("r.json"), scratch.file("r.html"), scratch.file("plots"))
            let words = Self.measured + ["syscall", "--quiet", "--json", json, "--html", html, "--plots", plots]
            var command = bench(words, scratch: scratch)
            // Some 20 s, where there is a processor for it.
            command.timeoutSeconds = 600
            let outcome = try await command.run()
            #expect(outcome.ending == .exited(0) && outcome.errors.isEmpty, "\(outcome)")
            #expect(outcome.outputText.contains("one call, on one core"), "\(outcome)")

            let scenario = try scenario(try scratch.read("r.json"))
            #expect(scenario["name"] as? String == "syscall" && scenario["failure"] == nil)
            try checkTables(scenario)
            let reaches = try #require(scenario["reaches"] as? [[String: Any]])
            #expect(reaches.count >= 10 && reaches.allSatisfy { $0["is_reached"] is Bool && $0["goal"] is String })

            let page = try XmlText(String(decoding: try scratch.read("r.html"), as: UTF8.self))
            let plotted = try #require(scenario["plots"] as? [[String: Any]]).count
            #expect(try page.elements("svg").count == plotted && plotted > 0)
            #expect(try page.texts("th").contains("clock_gettime"))
            for index in 1...plotted {
                let picture = try XmlText(
                    String(decoding: try scratch.read("plots/syscall-\(index).svg"), as: UTF8.self))
                #expect(try picture.texts("text").contains("rewritten"))
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
            #expect(left.sorted() == ["plots", "r.html", "r.json"])
        }
    }

    private func checkTables(_ scenario: [String: Any]) throws {
        let tables = try #require(scenario["tables"] as? [[String: Any]])
        #expect(tables.count == 3)
        for table in tables {
            let columns = try #require(table["columns"] as? [[String: Any]]).compactMap { $0["name"] as? String }
            #expect(columns.first == "native" && columns.count >= 5, "\(columns)")
            let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")
            #expect(columns.contains("strace") == hasStrace)
            let rows = try #require(table["rows"] as? [[String: Any]])
            #expect(rows.count == (table["row_title"] as? String == "dd" ? 2 : 6))
            for row in rows {
                let cells = try #require(row["cells"] as? [[String: Any]])
                #expect(cells.count == columns.count)
                for cell in cells { #expect(try #require(cell["value"] as? Double) > 0, "\(row)") }
                #expect(cells[0]["ratio"] as? Double == 1 && cells.allSatisfy { $0["rounds"] as? Int == 1 })
            }
        }
    }

    @Test("a scenario that cannot be measured is named, written, and the exit status 125")
    func failure() async throws {
        try await ScratchDirectory.with { scratch in
            let moved = try scratch.makeScratch("temporary")
            let words = Self.measured + ["--json", "-", "--html", scratch.file("r.html")]
            let outcome = try await bench(words, scratch: moved).running { running in
                try await running.waitForErrors("syscall: 1 of 1")
                try FileManager.default.removeItem(atPath: moved.path)
                return try await running.waitForEnd()
            }
            #expect(outcome.ending == .exited(125), "\(outcome)")
            // Where the directory is missed first is chance: where one is to be made in it, or a file of its own read.
            let failure = try #require(
                outcome.errorText.split(separator: "\n").first { $0.contains("bench: syscall: ") }, "\(outcome)")
            #expect(failure.contains(moved.path), "\(outcome)")
            let scenario = try scenario(outcome.output)
            #expect((scenario["failure"] as? String)?.contains(moved.path) == true)
            #expect((scenario["tables"] as? [Any])?.isEmpty == true)
            let page = try XmlText(String(decoding: try scratch.read("r.html"), as: UTF8.self))
            #expect(try page.texts("p").contains { $0.hasPrefix("Could not be measured: ") && $0.contains(moved.path) })
        }
    }

    @Test("interrupted it leaves no process and no file", arguments: [SIGINT, SIGTERM])
    func interruption(_ signal: Int32) async throws {
        try await ScratchDirectory.with { scratch in
            let words = ["syscall", "--json", scratch.file("r.json")]
            let outcome = try await bench(words, scratch: scratch).running { running in
                try await running.waitForErrors("syscall: 1 of 1")
                try await Task.sleep(for: .milliseconds(Int(TestEnvironment.seed % 700)))
                running.send(signal: signal)
                return try await running.waitForEnd()
            }
            #expect(outcome.ending == .signalled(signal), "\(outcome)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
            // A process that was killed takes a moment to go.
            var left = processes(with: "TMPDIR=\(scratch.path)")
            for _ in 0..<100 where !left.isEmpty {
                try await Task.sleep(for: .milliseconds(50))
                left = processes(with: "TMPDIR=\(scratch.path)")
            }
            #expect(left.isEmpty)
        }
    }

    /// Those that have this in their environment and have not ended.
    private func processes(with variable: String) -> [String] {
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }
        return pids.filter { pid in
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
            return environment.split(separator: 0).contains { String(decoding: $0, as: UTF8.self) == variable }
        }
    }

    @Test("--list measures nothing")
    func list() async throws {
        let outcome = try await Understudy.command("bench", "--list").run()
        #expect(outcome.ending == .exited(0) && outcome.errors.isEmpty, "\(outcome)")
        let lines = outcome.outputText.split(separator: "\n")
        #expect(lines.first?.hasPrefix("SCENARIO") == true && lines.contains { $0.hasPrefix("syscall ") }, "\(outcome)")
    }

    @Test(
        "exit status 64 and one line",
        arguments: [
            ["sycall"], ["no-such-scenario"], [""], ["--rounds", "0"], ["--rounds", "1001"], ["--rounds", "x"],
            ["--json"], ["--json", ""], ["--json", "-", "--html", "-"], ["--html", "x", "--json", "x"], ["--no-such"],
        ])
    func usage(_ words: [String]) async throws {
        let outcome = try await Command(TestEnvironment.understudy, ["bench"] + words).run()
        #expect(outcome.ending == .exited(64), "\(outcome)")
        #expect(outcome.output.isEmpty && outcome.supervisorLines.count == 1, "\(outcome)")
        if words == ["sycall"] { #expect(outcome.errorText.contains("did you mean syscall?"), "\(outcome)") }
    }

    @Test("what cannot be written is named before anything is measured", arguments: ["--json", "--html", "--plots"])
    func unwritable(_ option: String) async throws {
        for path in ["/no/such/directory/file", "/proc/version/x"] {
            let outcome = try await Understudy.command("bench", option, path).run()
            #expect(outcome.ending == .exited(125) && outcome.output.isEmpty, "\(outcome)")
            #expect(outcome.supervisorLines.count == 1 && outcome.errorText.contains(path), "\(outcome)")
        }
    }
}
