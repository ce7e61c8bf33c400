/// What a frame carries.
public enum FrameKind: UInt16, Sendable, CaseIterable {
    // Handshake.
    case hello = 1
    case welcome = 2
    /// A sentence that says why not.
    case refusal = 3

    // An epoch, in this order; pages may come before the layout as well.
    case pages = 10
    case discards = 11
    case layout = 12
    case records = 13
    case output = 14
    case released = 15
    case epochEnd = 16
    /// Behind the records: what the guest did to its volumes.
    case files = 17

    // Answers to epochs.
    case ack = 20
    /// A sentence that says why the mirror cannot take an epoch, and gives up its role.
    case epochRefusal = 21

    // Signs of life.
    case heartbeat = 30
    case heartbeatReply = 31
    case probe = 32
    case probeAnswer = 33
    /// The guest has ended, and all its output is out.
    case guestEnded = 34
    /// A sentence that says why there can be no more epochs: the mirror is to give up its role, and to answer by an
    /// epoch refusal.
    case dismissal = 35

    // Before the guest starts: the mirror's volumes become the primary's.
    /// From the mirror: what is in its volumes.
    case volumeEntries = 40
    /// From the primary: whose bytes it wants to compare.
    case volumeQuestions = 41
    /// From the mirror: the checksums of their blocks.
    case volumeBlocks = 42
    /// From the primary: what is to be done to the mirror's volumes.
    case volumeChanges = 43
    /// From the primary: that was all. From the mirror: it is done.
    case volumesEqual = 44
}
