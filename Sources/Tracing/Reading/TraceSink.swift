import Glibc

/// Where lines go: a descriptor, in large pieces. Once a write has failed the rest is counted, and nothing more.
public struct TraceSink {
    private let descriptor: Int32
    /// The errno of the write that failed; 0 while all is well.
    public private(set) var failure: Int32 = 0
    public private(set) var lostLineCount: UInt64 = 0

    public init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes whole lines. Those that do not get through are counted.
    public mutating func write(_ lines: UnsafeRawBufferPointer) {
        var rest = lines
        while failure == 0, !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // A terminal or pipe that somebody else has made non-blocking.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if errno != EINTR {
                failure = errno
            }
        }
        if !rest.isEmpty { lostLineCount += UInt64(rest.count { $0 == UInt8(ascii: "\n") }) }
    }
}
