/// What a mirror is to do. Actions are done in their order.
public enum MirrorAction: Equatable, Sendable {
    /// Try the primary's probe port once, and tell ``MirrorEvent/probeFinished(_:)``.
    case probe
    /// Make sure that the primary does nothing any more, and tell ``MirrorEvent/fenced(_:)``. One that is known to have
    /// ended already counts as fenced.
    case fence
    /// Say once, in these words, why this mirror does not take over yet.
    case hold(String)
    /// Go on with the guest as of this epoch: say so where the primary may see it, emit what is not known to be
    /// released, start the guest. The guest may have ended in that epoch: then end as it did.
    case takeOver(epoch: UInt64)
    /// Give up the role for good, and tell the primary why where the link still stands. It is told by this alone, never
    /// before: between a refusal and this decision a takeover could come.
    case standDown(String)
    /// The guest has ended on the primary: exit 0.
    case finish
}
