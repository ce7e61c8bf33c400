/// A difference between the two traces of a command that is by design.
struct ExpectedDifference: Sendable {
    let reason: String
    /// What the line says that both traces are taken to have said, or nil for a line that is not compared; the line
    /// itself where this difference is not about it.
    let rewrite: @Sendable (TraceLine) -> TraceLine?

    /// Keep this short: what stands here is not compared.
    static let all = [
        ExpectedDifference(reason: "a guest has no restartable sequences: its kernel does not know the call") { line in
            line.callName == "rseq" ? line.withoutResult : line
        }
    ]

    /// The lines without what differs by design.
    static func removed(from lines: [TraceLine]) -> [TraceLine] {
        lines.compactMap { line in
            var line: TraceLine? = line
            for difference in all { line = line.flatMap(difference.rewrite) }
            return line
        }
    }
}
