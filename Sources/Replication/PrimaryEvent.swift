/// What a primary learns. The time that goes with an event is read after the fact.
public enum PrimaryEvent: Equatable, Sendable {
    /// The handshake is done.
    case linkEstablished
    /// The last of the first epoch is about to be sent: until now the mirror had nothing to take over with.
    case firstEpochSent
    /// The mirror holds this whole epoch. Epochs count from 1.
    case ack(epoch: UInt64)
    /// The mirror could not take an epoch, or was told to end, and has given up its role: it never takes over. Why, in
    /// its words.
    case epochRefused(String)
    /// A heartbeat is about to be sent; `at` is the time read before it was.
    case heartbeatSent(sequence: UInt64, at: UInt64)
    /// The mirror answered that heartbeat and had not taken over when it did.
    case heartbeatAnswered(sequence: UInt64)
    /// One of the link's connections closed or turned to garbage. Acks that had come by then are told first.
    case linkClosed
    /// The mirror's robust futex has lost its owner, on this machine; the page they share says, read after that,
    /// whether it had taken over. A mirror says so there before it does anything else.
    case mirrorDied(hadTakenOver: Bool)
    /// Answers ``PrimaryAction/probe``.
    case probeFinished(PeerProbe)
    /// The mirror says on the link that it has taken over.
    case mirrorTookOver
    /// Answers ``PrimaryAction/fenceMirror``. True: the mirror's process does nothing any more.
    case fenced(Bool)
    /// Time has passed. Comes every ``FailureTimeout/stepNanoseconds(_:)``, until the decision has ended.
    case tick
    /// The guest has ended, and its last epoch, with the exit status, has this number.
    case guestEnded(finalEpoch: UInt64)
}
