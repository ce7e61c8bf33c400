import Glibc

/// The other end of a connection is gone, or was not there: what a client of a server that is taken over must expect.
public struct ConnectionBroken: Error, CustomStringConvertible {
    public let description: String

    public init(_ what: String) {
        description = what
    }

    /// With the errno of the call that has just failed.
    static func now(_ what: String) -> ConnectionBroken {
        ConnectionBroken("\(what): \(String(cString: strerror(errno)))")
    }
}
