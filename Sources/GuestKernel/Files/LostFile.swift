import CGuestEntry
import Glibc
import GuestMemory

/// Stands for what could not be had again at a takeover: a file that is not there, a terminal of the other machine.
///
/// Reads and writes are EIO. On the host it is a socket whose other end is closed: poll and epoll say that the peer is
/// gone, and calls that are passed on fail in ways that programs know.
enum LostFile {
    /// Nil when the host is out of descriptors.
    static func describe(_ description: DescriptionRecord) -> FileDescription? {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) { ends in
            HostSockets.makePair(
                domain: AF_UNIX, type: SocketType.stream, networkProtocol: 0,
                ends.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        guard made >= 0 else { return nil }
        hostCall(__NR_close, UInt64(signed: ends.1))
        return FileDescription(
            kind: .lost, hostFD: ends.0, statusFlags: description.statusFlags, record: description.object,
            identity: description.identity)
    }
}
