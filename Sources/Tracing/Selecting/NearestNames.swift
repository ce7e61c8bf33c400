/// What somebody who mistyped a name may have meant.
public enum NearestNames {
    private static let countMax = 2
    /// A word of which more would have to be changed is another word.
    private static let distanceMax = 3

    /// Up to two names that are most like `name`; none when none is like it.
    public static func of(_ name: String, among known: some Sequence<String>) -> [String] {
        if name.isEmpty { return [] }
        let limit = min(distanceMax, max(1, name.utf8.count / 2))
        let ranked = known.map { (distance: distance(from: name, to: $0), name: $0) }
            .filter { $0.distance <= limit }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let best = ranked.first else { return [] }
        return ranked.prefix(countMax).filter { $0.distance <= best.distance + 1 }.map(\.name)
    }

    /// How many letters have to be changed, added or taken away to make one the other (Levenshtein).
    public static func distance(from one: String, to other: String) -> Int {
        let letters = Array(other.utf8)
        var row = Array(0...letters.count)
        for (index, letter) in one.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, otherLetter) in letters.enumerated() {
                let replaced = diagonal + (letter == otherLetter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[letters.count]
    }
}
