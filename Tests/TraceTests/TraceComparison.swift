/// What differs between two traces of one command.
struct TraceComparison {
    /// How many lines were compared.
    let comparedCount: Int
    /// Nil if all are the same; else the first that are not, as one line.
    let difference: String?

    /// Compares the trace of strace with ours, thread by thread.
    init(reference: String, ours: String, resultColumn: Int? = 40) throws {
        let (reference, ours) = try (
            TraceNormaliser.threads(of: reference, resultColumn: resultColumn).map(ExpectedDifference.removed(from:)),
            TraceNormaliser.threads(of: ours, resultColumn: resultColumn).map(ExpectedDifference.removed(from:))
        )
        comparedCount = reference.reduce(0) { $0 + $1.count }
        difference = TraceComparison.difference(reference, ours)
    }

    private static func difference(_ reference: [[TraceLine]], _ ours: [[TraceLine]]) -> String? {
        guard reference.count == ours.count else {
            return "strace has \(reference.count) threads, the guest \(ours.count)"
        }
        for (index, (theirs, mine)) in zip(reference, ours).enumerated() {
            let same = zip(theirs, mine).prefix { $0.text == $1.text }.count
            if same == theirs.count, same == mine.count { continue }
            let expected = same < theirs.count ? shown(theirs[same]) : "no line"
            let found = same < mine.count ? shown(mine[same]) : "no line"
            let place = reference.count > 1 ? "thread \(index + 1): " : ""
            return "\(place)strace has \(expected) | the guest has \(found)"
        }
        return nil
    }

    private static func shown(_ line: TraceLine) -> String { "line \(line.number): \(line.text)" }
}
