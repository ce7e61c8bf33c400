import Glibc

/// A connection to a program that answers by lines: a socket, whichever kind.
final class LineChannel {
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var taken = 0

    /// `descriptor` is a connected socket, and this one's from now on.
    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Two that are connected: ours, and a descriptor for a program to be started with, which the caller closes.
    static func pair() throws(MeasurementError) -> (channel: LineChannel, other: Int32) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw MeasurementError("no pair of sockets: \(errorText(errno))")
        }
        return (LineChannel(owning: ends[0]), ends[1])
    }

    /// To a server on this machine; nil while nobody listens there.
    static func connected(toPort port: UInt16) throws(MeasurementError) -> LineChannel? {
        let descriptor = try Loopback.socket()
        if Loopback.with(port, { connect(descriptor, $0, $1) }) != 0 {
            let problem = errno
            close(descriptor)
            if problem == ECONNREFUSED { return nil }
            throw MeasurementError("connect to port \(port): \(errorText(problem))")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return LineChannel(owning: descriptor)
    }

    /// Nothing is written after this: the program's input ends.
    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    func send(_ bytes: [UInt8]) throws(MeasurementError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw MeasurementError("what is measured takes no input: \(errorText(errno))") }
            done += count
        }
    }

    /// The next line, without its end.
    func line(secondsMax: Double) throws(MeasurementError) -> String {
        let deadline = MonotonicTime.seconds + secondsMax
        while true {
            if let end = received[taken...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = received[taken..<end].filter { $0 != UInt8(ascii: "\r") }
                taken = end + 1
                if taken == received.count {
                    received.removeAll(keepingCapacity: true)
                    taken = 0
                }
                return String(decoding: line, as: UTF8.self)
            }
            try fill(until: deadline)
        }
    }

    private func fill(until deadline: Double) throws(MeasurementError) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = max(0, deadline - MonotonicTime.seconds)
        let ready = poll(&entry, 1, Int32(left * 1000) + 1)
        if ready < 0, errno == EINTR { return }
        guard ready > 0 else { throw MeasurementError("what is measured has not answered in time") }
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EINTR { return }
        guard count > 0 else { throw MeasurementError("what is measured ended before it had answered") }
        received += chunk.prefix(count)
    }
}
