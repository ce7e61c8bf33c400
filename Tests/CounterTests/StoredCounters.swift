import Foundation
import TestSupport

/// What `counters.txt` holds: for each counter what it is, and how far it may lie off.
///
/// Both ways: what has become much better is to be stored as well, or nobody sees it become worse again.
struct StoredCounters {
    private struct Counter {
        var value: Double
        var allowed: Double
    }

    private static let path = TestEnvironment.packageRoot + "/Tests/CounterTests/counters.txt"
    private static let writes = ProcessInfo.processInfo.environment["UNDERSTUDY_WRITE_COUNTERS"] == "1"

    private var lines: [String]

    init() throws {
        let text = try String(contentsOfFile: StoredCounters.path, encoding: .utf8)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Says what was found beside what is stored, and throws where that is too far off, or not the same counters; with
    /// UNDERSTUDY_WRITE_COUNTERS=1 what was found is stored.
    static func check(_ group: String, _ found: [(name: String, value: Double)]) throws {
        var stored = try StoredCounters()
        var problems: [String] = []
        for (name, value) in found {
            let full = "\(group): \(name)"
            guard let line = stored.lines.firstIndex(where: { $0.hasPrefix("\(full) = ") }),
                let counter = StoredCounters.counter(in: stored.lines[line])
            else { throw TestFailure("\(path) has no line '\(full) = value ± allowed'") }
            let said = "\(full): \(text(value)), stored \(text(counter.value)) ± \(text(counter.allowed))"
            FileHandle.standardError.write(Data("\(said)\n".utf8))
            if writes {
                stored.lines[line] = "\(full) = \(text(value)) ± \(text(counter.allowed))"
            } else if abs(value - counter.value) > counter.allowed {
                problems.append(said)
            }
        }
        let names = Set(found.map { "\(group): \($0.name)" })
        for line in stored.lines where line.hasPrefix("\(group): ") {
            let name = line.components(separatedBy: " = ")[0]
            if !names.contains(name) { problems.append("\(name) is stored, and was not counted") }
        }
        if writes { try Data(stored.lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path)) }
        guard problems.isEmpty else {
            let advice = "If that is meant: UNDERSTUDY_WRITE_COUNTERS=1 make test FILTER=CounterTests, and say why"
            throw TestFailure("\(problems.joined(separator: "\n"))\n\(advice)")
        }
    }

    private static func counter(in line: String) -> Counter? {
        let parts = line.components(separatedBy: " = ").last?.components(separatedBy: " ± ") ?? []
        guard parts.count == 2, let value = Double(parts[0]), let allowed = Double(parts[1]) else { return nil }
        return Counter(value: value, allowed: allowed)
    }

    private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}
