import CGuestEntry

/// Something that happens to the guest, and is no call of its own.
public enum TraceNote: Sendable {
    case epochCut(UInt64, streamCount: Int)
    case epochCommitted(UInt64)
    case held(stream: UInt64, byteCount: Int)
    case released(stream: UInt64, byteCount: Int)
    /// Nothing is held any more.
    case mirrorLost
    /// Nothing is released any more: the mirror has taken over.
    case superseded

    /// The record's number and values (guest_trace.h).
    var values: (number: UInt32, UInt64, UInt64) {
        switch self {
        case .epochCut(let epoch, let count): (GUEST_TRACE_EPOCH_CUT, epoch, UInt64(count))
        case .epochCommitted(let epoch): (GUEST_TRACE_EPOCH_COMMITTED, epoch, 0)
        case .held(let stream, let count): (GUEST_TRACE_OUTPUT_HELD, stream, UInt64(count))
        case .released(let stream, let count): (GUEST_TRACE_OUTPUT_RELEASED, stream, UInt64(count))
        case .mirrorLost: (GUEST_TRACE_MIRROR_LOST, 0, 0)
        case .superseded: (GUEST_TRACE_SUPERSEDED, 0, 0)
        }
    }

    /// What a record's number and values say; nil for a number that means nothing.
    public init?(number: UInt32, _ first: UInt64, _ second: UInt64) {
        let count = Int(truncatingIfNeeded: second)
        switch number {
        case GUEST_TRACE_EPOCH_CUT: self = .epochCut(first, streamCount: max(0, count))
        case GUEST_TRACE_EPOCH_COMMITTED: self = .epochCommitted(first)
        case GUEST_TRACE_OUTPUT_HELD: self = .held(stream: first, byteCount: max(0, count))
        case GUEST_TRACE_OUTPUT_RELEASED: self = .released(stream: first, byteCount: max(0, count))
        case GUEST_TRACE_MIRROR_LOST: self = .mirrorLost
        case GUEST_TRACE_SUPERSEDED: self = .superseded
        default: return nil
        }
    }
}
