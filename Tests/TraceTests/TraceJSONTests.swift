import Foundation
import TestSupport
import Testing

/// `--json` says the same as the lines.
@Suite("traces as JSON", .startsGuests)
struct TraceJSONTests {
    private static let cases = [
        "ls -l tree", "cat 'odd é\tname\"'", "cat binary", "pipes", "die_by_signal 15", "exit_code 3",
        "cp -a tree copied",
        "python3 -c 'import threading, time; t = threading.Thread(target=print); t.start(); time.sleep(0.1)'",
    ].map { TraceCase($0, options: $0.hasPrefix("python3") ? ["-e", "trace=!futex"] : []) }

    @Test("the same calls: names, arguments, results", arguments: cases)
    func same(_ traced: TraceCase) async throws {
        try await TraceFixture.withDirectory { scratch in
            let text = try await traced.run(.understudy, in: scratch)
            var asJSON = traced
            asJSON.options += ["--json"]
            let json = try await asJSON.run(.understudy, in: scratch)
            try #require(text.outcome.ending == json.outcome.ending)
            let lines = try json.trace.split(separator: "\n").map(TraceJSONTests.line(from:))
            let comparison = try TraceComparison(
                reference: text.trace, ours: lines.joined(separator: "\n"), resultColumn: nil)
            if let difference = comparison.difference { throw TestFailure("\(traced.line): \(difference)") }
            try #require(comparison.comparedCount > 20)
        }
    }

    @Test(
        "options for arguments are options for JSON",
        arguments: [["-s", "5"], ["-xx"], ["-y"], ["-v"], ["-e", "status=failed"]])
    func options(_ options: [String]) async throws {
        try await same(TraceCase("ls -l tree", options: options))
    }

    /// The line of text that an object stands for; throws unless it is what docs/trace-format.md says.
    private static func line(from text: Substring) throws -> String {
        guard text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { throw TestFailure("not ASCII: \(text)") }
        guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw TestFailure("no object: \(text)")
        }
        guard object["v"] as? Int == 1, let thread = object["thread"] as? Int, let time = object["time"] as? Double,
            time > 1_700_000_000
        else { throw TestFailure("without a version, a thread or a time: \(text)") }
        switch object["type"] as? String {
        case "syscall": return "\(thread) \(try call(object, text))"
        case "signal":
            guard let signal = object["signal"] as? String, let info = object["info"] as? String else { break }
            return "\(thread) --- \(signal) \(info) ---"
        case "exit":
            if let status = object["status"] as? Int { return "\(thread) +++ exited with \(status) +++" }
            if let signal = object["signal"] as? String { return "\(thread) +++ killed by \(signal) +++" }
        default: break
        }
        throw TestFailure("not as docs/trace-format.md says: \(text)")
    }

    private static func call(_ object: [String: Any], _ text: Substring) throws -> String {
        guard let name = object["name"] as? String, let arguments = object["args"] as? [String],
            object["number"] is Int, object["raw"] is [Any]
        else { throw TestFailure("no call: \(text)") }
        let call = "\(name)(\(arguments.joined(separator: ", ")))"
        guard let result = object["result"] as? Int else { return "\(call) = ?" }
        guard let shown = object["return"] as? String, object["duration_ns"] is Int else {
            throw TestFailure("no result: \(text)")
        }
        let error = object["errno"] as? String
        let isRight = error.map { result == -1 && shown.hasPrefix("-1 \($0) (") } ?? !shown.hasPrefix("-1 ")
        guard isRight else { throw TestFailure("error and result do not fit: \(text)") }
        return "\(call) = \(shown)"
    }
}
