/// What a description's last checkpoint has found, so that the next one encodes and asks the host only for what has
/// changed since. Touched by whoever makes the checkpoint, with the guest stopped.
struct DescriptionCheckpoint {
    /// The last checkpoint that has looked at it; 0 before the first.
    var number: UInt64 = 0
    /// The description's record, encoded; empty before the first checkpoint.
    var bytes: [UInt8] = []
    var statusFlags: Int32 = 0
    var offset: Int64?
    var signals = DescriptorSignals()
    var isAwaitedByConnect = false
    /// The number that a pipe's or socketpair's ends share; 0 for anything else.
    var sharedNumber: UInt64 = 0
    /// It is an eventfd of the guest's.
    var holdsCounter = false
    /// What lies in the object, encoded; empty for nothing, nil before it was looked at and where it is not kept here.
    var contents: [UInt8]?
    /// Whether a mirror on this machine should get the host descriptor.
    var isForHanding = false
}
