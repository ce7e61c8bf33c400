import SyscallShapes

/// One call of a guest thread, with what of its memory was captured.
public struct TracedCall {
    public var number: Int
    public var arguments: SyscallArguments
    public var thread: Int32
    /// By CLOCK_REALTIME.
    public var startNanoseconds: UInt64
    public var durationNanoseconds: UInt64
    /// Nil for a call that has not returned.
    public var result: Int?
    /// What was captured before the call.
    public var entry: CapturedMemory
    /// What was captured after it.
    public var exit: CapturedMemory

    public init(
        number: Int, arguments: SyscallArguments, thread: Int32 = 0, startNanoseconds: UInt64 = 0,
        durationNanoseconds: UInt64 = 0, result: Int? = nil, entry: CapturedMemory = CapturedMemory(),
        exit: CapturedMemory = CapturedMemory()
    ) {
        self.number = number
        self.arguments = arguments
        self.thread = thread
        self.startNanoseconds = startNanoseconds
        self.durationNanoseconds = durationNanoseconds
        self.result = result
        self.entry = entry
        self.exit = exit
    }
}
