/// What there is between the capture of epochs and the link.
public struct QueueLoad: Equatable, Sendable {
    /// Of epochs that have not begun to be encoded.
    public var waitingByteCount = 0
    public var waitingCount = 0
    /// Of the one that is being encoded and sent.
    public var begunByteCount = 0
    /// When the first of those that wait was put in; 0 where none waits.
    public var oldestPutNanoseconds: UInt64 = 0

    public init() {}

    public var byteCount: Int { waitingByteCount + begunByteCount }
}
