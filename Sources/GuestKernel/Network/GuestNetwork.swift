import Synchronization

/// What the guest's pipes and sockets have in common.
final class GuestNetwork: Sendable {
    let inFlight = DescriptorsInFlight()
    private let lastObjectNumber = Atomic<UInt64>(0)

    /// A number that the records of a pipe's or socketpair's two ends share. Not the inode: a
    /// mirror's objects would have others.
    func nextObjectNumber() -> UInt64 {
        lastObjectNumber.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// The number that was given out last, for a record.
    var objectNumber: UInt64 { lastObjectNumber.load(ordering: .relaxed) }

    /// No number up to this one is given out from here on.
    func raiseObjectNumber(to number: UInt64) {
        lastObjectNumber.max(number, ordering: .relaxed)
    }
}
