/// A place where a function was left: for a call, or by a signal.
public struct StackFrame: Equatable, Sendable {
    /// Where the function goes on.
    public let address: UInt64
    /// A signal interrupted it in front of `address`, or it is what a signal's handler returns to. Otherwise it made a
    /// call whose instruction ends there, and where that call never comes back, `address` may be another function's.
    public let isInterrupted: Bool

    public init(address: UInt64, isInterrupted: Bool) {
        self.address = address
        self.isInterrupted = isInterrupted
    }

    /// An address of the instruction that the function is in.
    public var place: UInt64 { isInterrupted ? address : address &- 1 }
}
