import CGuestEntry
import Glibc

/// A descriptor of the supervisor's own, closed with the last reference to it.
final class HostDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        hostCall(__NR_close, UInt64(signed: number))
    }

    /// Opens a path of the host's for reading.
    static func open(_ path: String) -> Result<HostDescriptor, TrackerError> {
        let opened = path.withCString { path in
            hostCall(__NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(O_RDONLY | O_CLOEXEC))
        }
        if opened < 0 { return .failure(TrackerError("\(path) cannot be opened", errno: Int32(-opened))) }
        return .success(HostDescriptor(Int32(opened)))
    }
}

extension Result {
    /// The error, or nil.
    var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
