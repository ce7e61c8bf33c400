import Synchronization

/// What both sides tell each other in the page. It outlives either process.
extension LifePage {
    /// Claims the guest for `role`: true for the first that does, and for it again. Whoever gets false must not go on.
    public func claim(for role: PeerRole) -> Bool {
        let (isClaimed, before) = continuingWord.pointee.compareExchange(
            expected: 0, desired: role.rawValue, ordering: .sequentiallyConsistent)
        return isClaimed || before == role.rawValue
    }

    /// Who has claimed the guest since the link was made.
    public var claimant: PeerRole? {
        PeerRole(rawValue: continuingWord.pointee.load(ordering: .sequentiallyConsistent))
    }

    public var hasMirrorTakenOver: Bool { claimant == .mirror }
    /// Whether the primary has gone on without its mirror.
    public var hasPrimaryGoneOn: Bool { claimant == .primary }

    /// The last epoch whose output the primary has let out; never goes back.
    public var primaryReleasedEpoch: UInt64 {
        releasedWord.pointee.load(ordering: .sequentiallyConsistent)
    }

    public func noteReleased(epoch: UInt64) {
        releasedWord.pointee.max(epoch, ordering: .sequentiallyConsistent)
    }
}
