/// What a ``LinkProxy`` does to a link, and where.
public struct LinkFault: Sendable, CustomStringConvertible {
    public enum Kind: CaseIterable, Sendable {
        /// One bit arrives changed.
        case flippedBit
        /// Everything up to there arrives, then the connection is closed.
        case cut
        /// Nothing arrives any more, on any connection and in either direction; the connections stay open.
        case silence
        /// Some bytes that nobody sent arrive in between.
        case insertedBytes
    }

    public enum Direction: CaseIterable, Sendable {
        case toMirror
        case toPrimary
    }

    public let kind: Kind
    public let direction: Direction
    /// Counted over all bytes in that direction, whichever connection they take.
    public let offset: Int

    public init(_ kind: Kind, _ direction: Direction, at offset: Int) {
        self.kind = kind
        self.direction = direction
        self.offset = offset
    }

    public var description: String { "\(kind) \(direction) at byte \(offset)" }
}
