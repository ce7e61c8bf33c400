/// What a mirror learns. The time that goes with an event is read after the fact.
public enum MirrorEvent: Equatable, Sendable {
    /// The handshake is done.
    case linkEstablished
    /// This whole epoch is part of the guest's state here. Epochs count from 1.
    case epochCommitted(UInt64)
    /// An epoch cannot be taken: no memory for it, or the like. Why, for the primary.
    case epochRefusedByUs(String)
    /// The primary's heartbeat is here. It is answered after this event, by ``MirrorDecision/hasTakenOver``.
    case heartbeatReceived
    /// One of the link's connections closed or turned to garbage. What could be read by then was handled first.
    case linkClosed
    /// The primary's robust futex has lost its owner, on this machine. A goodbye that can be read is told first.
    case primaryDied
    /// Answers ``MirrorAction/probe``.
    case probeFinished(PeerProbe)
    /// Answers ``MirrorAction/fence``. True: the primary's process does nothing any more.
    case fenced(Bool)
    /// Time has passed. Comes every ``FailureTimeout/stepNanoseconds(_:)``, until the decision has ended.
    case tick
    /// The guest has ended on the primary, and all of its output is out.
    case byeReceived
    /// This mirror is told to end (SIGTERM). One that comes during fencing and is followed by the takeover is for the
    /// guest.
    case interrupted
}
