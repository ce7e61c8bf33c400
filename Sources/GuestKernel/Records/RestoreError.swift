import RecordCoding

/// Why a guest's kernel cannot be made from its records.
public struct RestoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, with the record or the object by name.
    public let message: String
    /// The host's refusal, or 0 where the record itself is at fault.
    public let errno: Int32

    public init(_ message: String, errno: Int32 = 0) {
        self.message = message
        self.errno = errno
    }

    /// A record that cannot be decoded.
    public init(_ family: RecordFamily, number: UInt64 = 0, _ error: RecordError) {
        let fault =
            switch error {
            case .isCutShort: "is cut short"
            case .isMalformed: "holds a value that nothing writes"
            case .hasExcess: "is followed by more bytes than it has"
            }
        self.init("the guest's record \(family) \(number) \(fault)")
    }

    public var description: String {
        errno == 0 ? message : "\(message): errno \(errno)"
    }
}
