/// Which of the two processes.
public enum PeerRole: UInt32, Sendable, CaseIterable {
    case primary = 1
    case mirror = 2

    public var other: PeerRole { self == .primary ? .mirror : .primary }
}
