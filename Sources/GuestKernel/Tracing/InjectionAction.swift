/// What is done to a call that an injection rule hits.
public struct InjectionAction: Sendable, BitwiseCopyable, Equatable {
    /// What the guest gets in place of the call being made, a negative errno or any value; nil makes the call.
    public var replacement: Int?
    /// Sent to the thread as the call begins; 0 for none.
    public var signal: Int32 = 0
    public var delayEnterNanoseconds: UInt64 = 0
    public var delayExitNanoseconds: UInt64 = 0

    public init() {}
}
