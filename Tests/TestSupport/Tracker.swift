/// How dirty pages are found, as `--tracker` names it.
public enum Tracker: String, CaseIterable, Sendable, CustomStringConvertible {
    case kernel
    case signal

    public var description: String { rawValue }

    /// A different one for each of two neighbours, where both would take too long.
    public static func taking(turn: Int) -> Tracker { allCases[turn % allCases.count] }
}
