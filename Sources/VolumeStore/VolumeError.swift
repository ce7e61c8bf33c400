import Glibc

/// Why a volume's files cannot be what they should: for people.
public struct VolumeError: Error, Equatable, Sendable {
    /// 0 where no host call failed.
    public let errno: Int32
    public let message: String

    init(_ message: String) {
        errno = 0
        self.message = message
    }

    /// - Parameter what: "cannot write to /srv/data/log".
    init(_ what: String, _ failure: Errno) {
        errno = failure.code
        message = "\(what): \(String(cString: strerror(failure.code)).lowercased())"
    }
}

/// A host call's failure.
struct Errno: Error, Equatable {
    let code: Int32

    init(_ code: Int32) {
        self.code = code
    }
}
