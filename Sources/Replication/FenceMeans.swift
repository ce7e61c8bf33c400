/// How a side makes sure that a silent peer does nothing any more (architecture §6).
public enum FenceMeans: Equatable, Sendable {
    /// Not at all. A mirror takes over on silence alone: output commit is the fence.
    case none
    /// SIGKILL through a pidfd, on one machine. Both sides have it, and the page they share says who has taken over.
    case kill
    /// A command. Only where both sides have one: the primary goes on after its own because the mirror would have
    /// fenced it before taking over.
    case command
}
