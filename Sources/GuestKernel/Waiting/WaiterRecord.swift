/// What a blocked call needs to go on elsewhere: a plain value, part of a thread's record
/// (architecture §3).
///
/// A call begins with a fresh record and reads what it finds in it, so that making the call again
/// with a kept record (after an interruption without a handler, or on a mirror) continues it.
public struct WaiterRecord: Sendable, Equatable {
    /// The syscall's number, or -1 when no call is in progress.
    public var callNumber: Int32 = -1
    /// Guest monotonic time at which the call gives up; nil until it is computed, or when it never does.
    public var deadlineNanoseconds: UInt64?
    /// Guest monotonic time at which a call ends that has several waits in it (recvmmsg); nil as above.
    public var endNanoseconds: UInt64?
    /// Bytes already moved.
    public var progress = 0
    /// Messages that sendmmsg or recvmmsg has done already.
    public var messageCount = 0
    /// The call's result once another thread has decided it, written under the lock that wakes.
    public var result: Int?
    /// For a futex wait that is in the queue: the address it waits on, which is another one once it was requeued.
    public var futexAddress: UInt64 = 0
    /// The call waits for the commit of the epoch that it is in, and changes a name outside the volumes then: made
    /// again on a mirror, it may find that done.
    public var isAboutToChangeName = false

    public init() {}

    /// How many of `count` bytes are left to move. None where the guest has changed its own request since the call was
    /// begun, which a call that is made again reads anew.
    @inline(__always)
    func left(of count: Int) -> Int {
        max(0, count - progress)
    }
}
