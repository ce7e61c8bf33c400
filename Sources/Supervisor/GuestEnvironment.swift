import Glibc

/// The guest's environment: what Understudy was started with, changed by `--env-file` and then `--env`, as docker does.
public struct GuestEnvironment: Sendable {
    /// "NAME=value" strings.
    public private(set) var strings: [[UInt8]]

    public init(_ strings: [[UInt8]]) {
        self.strings = strings
    }

    /// `NAME=value` sets; a `NAME` alone leaves what Understudy itself has, and so changes nothing.
    public mutating func set(_ assignment: [UInt8]) {
        guard let separator = assignment.firstIndex(of: UInt8(ascii: "=")) else { return }
        let prefix = assignment[...separator]
        if let index = strings.firstIndex(where: { $0.starts(with: prefix) }) {
            strings[index] = assignment
        } else {
            strings.append(assignment)
        }
    }

    public mutating func remove(_ name: [UInt8]) {
        strings.removeAll { $0.starts(with: name + [UInt8(ascii: "=")]) }
    }

    /// Lines of `NAME=value` or `NAME`; empty ones and those that start with # are left out.
    public mutating func setAll(fromFile content: [UInt8], path: String) throws(SupervisorError) {
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let blanks = [UInt8(ascii: " "), UInt8(ascii: "\t")]
            var assignment = Array(line.drop { blanks.contains($0) })
            if assignment.last == UInt8(ascii: "\r") { assignment.removeLast() }
            if assignment.isEmpty || assignment[0] == UInt8(ascii: "#") { continue }
            if let problem = GuestEnvironment.problem(with: assignment) {
                throw SupervisorError(.failed, "\(path), line \(index + 1): \(problem)")
            }
            set(assignment)
        }
    }

    /// What is wrong with an assignment's name; nil when nothing is.
    public static func problem(with assignment: [UInt8]) -> String? {
        let name = assignment.prefix { $0 != UInt8(ascii: "=") }
        if name.isEmpty { return "no variable's name before \"=\"" }
        if name.contains(where: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            return "\"\(String(decoding: name, as: UTF8.self))\" is no variable's name: it contains blanks"
        }
        if assignment.contains(0) { return "a zero byte" }
        return nil
    }

    static func value(of name: String, in strings: [[UInt8]]) -> String? {
        let prefix = Array("\(name)=".utf8)
        guard let found = strings.first(where: { $0.starts(with: prefix) }) else { return nil }
        return String(decoding: found.dropFirst(prefix.count), as: UTF8.self)
    }
}
