import Foundation
import TestSupport
import Testing

/// Each of trace's options against strace's.
@Suite("options of trace compared with strace's", .startsGuests)
struct TraceOptionTests {
    @Test("the same lines", arguments: TraceCase.options)
    func lines(_ traced: TraceCase) async throws {
        _ = try await traced.compare()
    }

    /// The two tools' traces of a command.
    private func traces(_ line: String, _ options: [String]) async throws -> [(tool: TraceTool, text: String)] {
        try await TraceFixture.withDirectory { scratch in
            let traced = TraceCase(line, options: options)
            var traces: [(TraceTool, String)] = []
            for tool in [TraceTool.strace, .understudy] {
                traces.append((tool, try await traced.run(tool, in: scratch).trace))
            }
            return traces
        }
    }

    private static let clock = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

    @Test(
        "times in front of lines",
        arguments: [
            (["-t"], "\(clock) "), (["-tt"], "\(clock)\\.[0-9]{6} "), (["-ttt"], "[0-9]{10}\\.[0-9]{6} "),
            (["-r"], " {1,5}[0-9]+\\.[0-9]{6} "),
            (["-r", "-ttt"], "[0-9]{10}\\.[0-9]{6} \\(\\+ +[0-9]+\\.[0-9]{6}\\) "),
            (["-t", "-t"], "\(clock)\\.[0-9]{6} "),
        ])
    func times(_ options: [String], _ pattern: String) async throws {
        let before = Date().timeIntervalSince1970
        for (tool, text) in try await traces("sleep 0.02", options) {
            let expression = try NSRegularExpression(pattern: "^[0-9]+ +(?<=^.{6})\(pattern)[a-z+]")
            var stamps: [Substring] = []
            for line in text.split(separator: "\n") {
                let range = NSRange(line.startIndex..., in: line)
                try #require(
                    expression.firstMatch(in: String(line), range: range) != nil, "\(tool) \(options): \(line)")
                stamps.append(line.split(separator: " ")[1])
            }
            try #require(stamps.count > 20)
            if options == ["-ttt"] {
                let times = stamps.compactMap { Double($0) }
                try #require(times == times.sorted())
                try #require(times[0] >= before - 0.001 && times[times.count - 1] <= Date().timeIntervalSince1970)
                try #require(times[times.count - 1] - times[0] >= 0.02)
            } else if options == ["-r"] {
                let times = stamps.compactMap { Double($0) }
                try #require(times.count == stamps.count && times[0] == 0 && times.max() ?? 0 >= 0.02)
            } else if options == ["-t"] || options == ["-tt"] {
                try #require(stamps == stamps.sorted() || stamps.last?.hasPrefix("00:") == true)
            }
        }
    }

    @Test(
        "a delay before a call is time in it, one behind it is not; both are said",
        arguments: ["delay_enter", "delay_exit"])
    func delays(_ kind: String) async throws {
        for (tool, text) in try await traces(
            "cat words", ["-T", "-e", "trace=read,write", "-e", "inject=write:\(kind)=50ms"])
        {
            let written = text.split(separator: "\n").filter { $0.contains(" write(1") }
            try #require(!written.isEmpty)
            // The time ends where the call does: a delay behind it is not part of it.
            let expected = kind == "delay_exit" ? 0..<0.05 : 0.05..<1
            for line in written {
                let duration = line.split(separator: "<").last.flatMap { Double($0.dropLast()) } ?? -1
                try #require(
                    line.contains(" (DELAYED) <") && expected.contains(duration), "\(tool): \(line)")
            }
        }
    }

    @Test("the time in a call")
    func durations() async throws {
        for (tool, text) in try await traces("sleep 0.02", ["-T"]) {
            for line in text.split(separator: "\n") where line.contains(" = ") && !line.contains("= ?") {
                let duration = line.split(separator: "<").last.flatMap { Double($0.dropLast()) }
                let seconds = try #require(duration, "\(tool): \(line)")
                try #require(line.hasSuffix(">") && line.dropLast(7).last == ".", "\(tool): \(line)")
                let isSleep = line.contains("nanosleep(")
                try #require(isSleep ? (0.02..<1).contains(seconds) : seconds < 0.5, "\(tool): \(line)")
            }
        }
    }

    @Test("a file, a command's input and an appended file have the same lines")
    func outputs() async throws {
        try await ScratchDirectory.with { scratch in
            let (file, piped) = (scratch.file("file"), scratch.file("piped"))
            let options = ["-e", "trace=openat,read,close", "-f", "-o"]
            func run(_ output: String, _ more: String...) async throws {
                let command = TraceTool.understudy.command(
                    ["/bin/cat", "/etc/hostname"], options: more + options + [output])
                let outcome = try await command.run()
                try #require(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
            }
            try await run(file)
            try await run("|cat >\(piped)")
            let end = "+++ exited with 0 +++"
            let lines = try await scratch.waitForTrace("file", end: end)
            let pipedLines = try await scratch.waitForTrace("piped", end: end)
            let reference = try TraceNormaliser.threads(of: lines.joined(separator: "\n"))
            let others = try TraceNormaliser.threads(of: pipedLines.joined(separator: "\n"))
            try #require(reference.map { $0.map(\.text) } == others.map { $0.map(\.text) })
            try await run(file, "-A")
            let both = try await scratch.waitForTrace("file", end: end)
            try #require(both.count == 2 * lines.count && both.starts(with: lines))
            try await run(file)
            try #require(try await scratch.waitForTrace("file", end: end).count == lines.count)
        }
    }

    @Test("without -o lines go to standard error, threads told apart once there are several")
    func standardError() async throws {
        let alone = try await TraceTool.understudy.command(["/bin/true"], options: []).run()
        try #require(alone.status == 0 && alone.errorText.hasPrefix("execve(\"/bin/true\""), "\(alone)")
        let script = "import threading; t = threading.Thread(target=print); t.start(); t.join()"
        let several = try await TraceTool.understudy.command(["/usr/bin/python3", "-c", script], options: []).run()
        let reference = try await TraceTool.strace.command(["/usr/bin/python3", "-c", script], options: ["-f"]).run()
        for outcome in [several, reference] {
            let lines = outcome.errorText.split(separator: "\n")
            try #require(lines[0].hasPrefix("execve("), "\(outcome)")
            let named = lines.filter { $0.hasPrefix("[pid ") }
            try #require(Set(named.map { $0.prefix(while: { $0 != "]" }) }).count == 2, "\(outcome)")
        }
    }
}
