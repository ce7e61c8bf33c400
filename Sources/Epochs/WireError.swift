/// Why bytes from the link are not what they should be. The message is for people.
public struct WireError: Error, Equatable, Sendable {
    public enum Code: Equatable, Sendable {
        case badMagic
        /// The peer's wire version.
        case otherVersion(UInt16)
        case tooLong
        case badChecksum
        case unknownKind
        case cutShort
        case outOfOrder
        case malformed
        /// A page is encoded as a difference to something that is not there. The link did nothing wrong: the sides
        /// disagree about what was sent.
        case wrongBase
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func malformed(_ what: String) -> WireError {
        WireError(.malformed, "\(what) makes no sense")
    }
}
