/// One end of a pipe.
public struct PipeRecord: Sendable, Equatable {
    /// The same for both ends.
    public var pipe: UInt64
    public var isWriteEnd: Bool
    /// In bytes, as F_SETPIPE_SZ left it.
    public var capacity: Int

    public init(pipe: UInt64, isWriteEnd: Bool, capacity: Int) {
        self.pipe = pipe
        self.isWriteEnd = isWriteEnd
        self.capacity = capacity
    }
}
