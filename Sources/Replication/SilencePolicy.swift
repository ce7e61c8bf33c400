/// What a primary does with its output while the mirror is silent and nobody can say which of the two goes on.
public enum SilencePolicy: Equatable, Sendable {
    /// Output stays held until the mirror answers: it may have taken over.
    case hold
    /// Output is let out after the failure timeout. Both sides may then show the outside different histories.
    case goOnUnsafely
}
