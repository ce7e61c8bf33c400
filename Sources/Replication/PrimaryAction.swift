/// What a primary is to do. Actions are done in their order.
public enum PrimaryAction: Equatable, Sendable {
    /// Let out the output of all epochs up to this one.
    case release(upTo: UInt64)
    /// Try the mirror's probe port once, and tell ``PrimaryEvent/probeFinished(_:)``.
    case probe
    /// Make sure that the mirror does nothing any more, and tell ``PrimaryEvent/fenced(_:)``.
    case fenceMirror
    /// Say once, in these words, why output stays held.
    case hold(String)
    /// Let out everything, now and from now on, and say so in these words.
    case goUnprotected(String)
    /// The mirror has taken over: never let out anything again, and exit 125.
    case endSuperseded
    /// The mirror has the guest's end, and all output may go out: let it out, say goodbye and end as the guest did.
    case finish
}
