import Glibc

/// A descriptor that is closed when its owner goes, whichever way that is.
struct OwnedDescriptor: ~Copyable, Sendable {
    let number: Int32

    /// `number` is open, and nobody else closes it.
    init(_ number: Int32) {
        precondition(number >= 0, "a descriptor is open when it finds an owner")
        self.number = number
    }

    /// A new socket that closes on exec.
    init(socket domain: Int32, _ type: __socket_type, flags: __socket_type...) throws(TransportError) {
        let all = flags.reduce(type.rawValue | SOCK_CLOEXEC.rawValue) { $0 | $1.rawValue }
        let number = Glibc.socket(domain, Int32(all), 0)
        guard number >= 0 else { throw .failed("no socket", errno) }
        self.init(number)
    }

    deinit {
        // Not again after EINTR: Linux has released the number by then (close(2)).
        Glibc.close(number)
    }

    /// Waits until poll(2) reports one of `events`, an error or a hang-up. False once the deadline is past.
    borrowing func wait(for events: Int32, until deadline: Deadline) throws(TransportError) -> Bool {
        var entry = pollfd(fd: number, events: Int16(events), revents: 0)
        while true {
            let ready = asleep { poll(&entry, 1, deadline.pollMilliseconds) }
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { throw .failed("cannot wait for a descriptor", errno) }
            if deadline.remainingNanoseconds == 0 { return false }
        }
    }

    /// setsockopt(2) with a number.
    borrowing func setOption(_ level: Int32, _ option: Int32, _ value: Int32) throws(TransportError) {
        var value = value
        guard setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw .failed("cannot set option \(option) of a socket", errno)
        }
    }

    /// Switches O_NONBLOCK off. Only for descriptions that are our own: others may share an inherited one.
    borrowing func setBlocking() throws(TransportError) {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, flags & ~O_NONBLOCK) == 0 else {
            throw .failed("cannot make a socket block", errno)
        }
    }
}
