/// Why something on the link failed: lower case, names the object, with errno where there is one.
public struct TransportError: Error, Equatable, Sendable {
    public let message: String
    /// 0 where no call failed.
    public let errno: Int32

    public init(_ message: String, errno: Int32 = 0) {
        self.message = message
        self.errno = errno
    }
}
