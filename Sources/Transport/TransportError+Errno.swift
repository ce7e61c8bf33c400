import Glibc

extension TransportError {
    /// A call that failed: what was wanted, and the kernel's reason. strerror(3) has a buffer for each thread since
    /// glibc 2.32.
    static func failed(_ what: String, _ errno: Int32) -> TransportError {
        TransportError("\(what): \(String(cString: strerror(errno)).lowercased())", errno: errno)
    }

    /// Nothing came, or nothing could be sent, until the deadline.
    static func timedOut(_ what: String) -> TransportError {
        TransportError("\(what): no answer in time", errno: ETIMEDOUT)
    }

    public var isTimeout: Bool { errno == ETIMEDOUT }
}
