import CGuestEntry
import Glibc
import GuestMemory

extension SocketOptions {
    /// Gives a socket the options that its record holds, as far as the host takes them.
    static func apply(_ options: [SocketRecord.Option], to hostFD: Int32) {
        for option in options {
            // close(2) would wait in the host (see `setOwn`).
            if option.level == SOL_SOCKET, option.name == SO_LINGER, lingers(option.value) { continue }
            _ = option.value.withUnsafeBytes { value in
                hostCall(
                    __NR_setsockopt, UInt64(signed: hostFD), UInt64(signed: option.level), UInt64(signed: option.name),
                    UInt64(address: value.baseAddress), UInt64(value.count))
            }
        }
    }

    /// Whether struct linger gives time.
    private static func lingers(_ value: [UInt8]) -> Bool {
        value.count < 8 || value[4..<8].contains { $0 != 0 }
    }

    /// Shuts what the guest had shut.
    static func shut(_ hostFD: Int32, as socket: SocketRecord) {
        switch (socket.isShutForReading, socket.isShutForWriting) {
        case (true, true): hostCall(__NR_shutdown, UInt64(signed: hostFD), UInt64(SHUT_RDWR))
        case (true, false): hostCall(__NR_shutdown, UInt64(signed: hostFD), UInt64(SHUT_RD))
        case (false, true): hostCall(__NR_shutdown, UInt64(signed: hostFD), UInt64(SHUT_WR))
        case (false, false): break
        }
    }

    static func allowReuse(_ hostFD: Int32) {
        var one: Int32 = 1
        hostCall(
            __NR_setsockopt, UInt64(signed: hostFD), UInt64(SOL_SOCKET), UInt64(SO_REUSEADDR), UInt64(address: &one), 4)
    }
}
