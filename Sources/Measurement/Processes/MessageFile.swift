import Glibc

/// A file that a process writes its messages to, a line each.
struct MessageFile {
    let path: String

    private static let patienceSeconds = 60.0
    private static let pollMicroseconds: UInt32 = 500

    init(_ path: String) { self.path = path }

    /// What follows `beginning` in the first line that begins so; nil where there is none yet.
    func rest(ofLine beginning: String) -> String? {
        guard let text = try? HostFile.text(of: path) else { return nil }
        // A last line without its end is not whole.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.first { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) }
    }

    /// Waits for such a line; throws if its writer, where one is given, ends before.
    @discardableResult
    func waitForLine(_ beginning: String, of writer: ChildProcess?) throws(MeasurementError) -> String {
        let deadline = MonotonicTime.seconds + MessageFile.patienceSeconds
        while MonotonicTime.seconds < deadline {
            let hasEnded = writer?.hasEnded ?? false
            if let rest = rest(ofLine: beginning) { return rest }
            if hasEnded { break }
            usleep(MessageFile.pollMicroseconds)
        }
        let said = (try? HostFile.text(of: path)) ?? ""
        let name = writer?.words.joined(separator: " ") ?? path
        throw MeasurementError("\(name): '\(beginning)…' was not said, but: \(said.suffix(500))")
    }
}
