import CGuestEntry
import Glibc
import GuestMemory

/// A pipe of our own, closed with it.
final class SparePipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    init?() {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { ends in
            hostCall(__NR_pipe2, UInt64(address: ends.baseAddress), UInt64(O_CLOEXEC | O_NONBLOCK))
        }
        guard result == 0 else { return nil }
        (readEnd, writeEnd) = ends
    }

    deinit {
        hostCall(__NR_close, UInt64(signed: readEnd))
        hostCall(__NR_close, UInt64(signed: writeEnd))
    }
}
