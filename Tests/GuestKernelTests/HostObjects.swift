import CGuestEntry
import Glibc
import GuestMemory
import Testing

@testable import GuestKernel

/// Calls that this platform's Glibc module does not offer.
enum HostObjects {
    /// O_DIRECT of pipe2(2).
    static let packetMode: Int32 = 0o40000

    static func pipe(flags: Int32) throws -> (reader: Int32, writer: Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = hostCall(__NR_pipe2, UInt64(address: &ends), UInt64(signed: flags))
        try #require(result == 0)
        return (ends.0, ends.1)
    }

    static func memoryFile() -> Int32 {
        "x".withCString { Int32(hostCall(__NR_memfd_create, UInt64(address: $0), 0)) }
    }

    static func epoll() -> Int32 {
        Int32(hostCall(__NR_epoll_create1, 0))
    }

    /// How many events there are, of at most eight.
    static func eventCount(_ epollFD: Int32) -> Int {
        withUnsafeTemporaryAllocation(of: PackedEpollEvent.self, capacity: 8) { events in
            hostCall(__NR_epoll_wait, UInt64(signed: epollFD), UInt64(address: events.baseAddress), 8, 0)
        }
    }

    static func timer(_ value: UInt64, _ interval: UInt64) -> Int32 {
        let hostFD = hostCall(__NR_timerfd_create, UInt64(CLOCK_MONOTONIC), UInt64(O_NONBLOCK))
        var setting = itimerspec(it_interval: timespec(nanoseconds: interval), it_value: timespec(nanoseconds: value))
        hostCall(__NR_timerfd_settime, UInt64(hostFD), 0, UInt64(address: &setting), 0)
        return Int32(hostFD)
    }

    static func nanosecondsLeft(_ timerFD: Int32) -> Int64 {
        var setting = itimerspec()
        hostCall(__NR_timerfd_gettime, UInt64(signed: timerFD), UInt64(address: &setting))
        return setting.it_value.nanoseconds
    }

    /// read(2): the bytes, or nil with errno set.
    static func read(_ hostFD: Int32, _ count: Int = 1 << 20) -> [UInt8]? {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = Glibc.read(hostFD, buffer.baseAddress, count)
            filled = max(0, result)
        }
        return result < 0 ? nil : bytes
    }

    static func write(_ hostFD: Int32, _ bytes: [UInt8]) -> Int {
        Glibc.write(hostFD, bytes, bytes.count)
    }

    /// poll(2)'s events, at once.
    static func events(_ hostFD: Int32, _ wanted: Int32 = POLLIN | POLLOUT) -> Int32 {
        var entry = pollfd(fd: hostFD, events: Int16(wanted), revents: 0)
        return poll(&entry, 1, 0) > 0 ? Int32(entry.revents) : 0
    }
}
