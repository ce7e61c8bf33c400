/// That all of a guest's threads waited at some moment, and in which waits: as long as it stays the same, none has run.
///
/// Exact: threads come and go only by one that runs, and the sum of waits of the same threads only grows.
public struct IdleMark: Equatable, Sendable {
    let threadChanges: UInt64
    let waits: UInt64
}

extension GuestKernel {
    /// nil while a thread runs, or is held at a safe point, or where other processes may write what the guest's can.
    public var idleMark: IdleMark? {
        hasRelatives ? nil : threads.idleMark()
    }
}
