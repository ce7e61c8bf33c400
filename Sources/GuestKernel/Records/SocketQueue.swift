import CGuestEntry
import Glibc
import GuestMemory

/// Looks at what an end of a socketpair has to receive, without receiving it.
struct SocketQueue {
    private static let bytesToRead: UInt64 = 0x541b  // FIONREAD
    private static let peekOffset: Int32 = 42  // SO_PEEK_OFF
    /// A datagram's usual limit: net.core.wmem_default and some more.
    private static let usualByteCount = 256 << 10
    /// More than net.core.wmem_max lets a datagram be.
    private static let byteCountMax = 64 << 20

    private(set) var record = QueueRecord()
    private let hostFD: Int32

    init(of end: FileDescription) {
        hostFD = end.hostFD
        var entry = pollfd(fd: hostFD, events: Int16(POLLIN), revents: 0)
        guard hostCall(__NR_poll, UInt64(address: &entry), 1, 0) > 0 else { return }
        record.endsInReset = entry.revents & Int16(POLLERR) != 0
        guard case .socket(let socket) = end.record.current else { return }
        if socket.type == SocketType.stream {
            lookAtStream()
        } else if !record.endsInReset {
            // A receive would take the error before the packets.
            lookAtPackets(endIsEmpty: socket.type == SocketType.sequentialPackets)
        }
    }

    private mutating func lookAtStream() {
        var byteCount: Int32 = 0
        let asked = hostCall(__NR_ioctl, UInt64(signed: hostFD), SocketQueue.bytesToRead, UInt64(address: &byteCount))
        // With nothing there a receive would take the error or say that it is the end.
        guard asked == 0, byteCount > 0 else { return }
        let total = Int(byteCount)
        let guestsOffset = beginLooking()
        let bytes = [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
            // One look ends where descriptors or another sender's credentials begin.
            while count < total {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let result = look(rest)
                if result <= 0 { return }
                count += result
            }
        }
        endLooking(guestsOffset)
        if !bytes.isEmpty { record.runs = [bytes] }
    }

    /// `endIsEmpty`: a receive says the end of file by a packet without bytes.
    private mutating func lookAtPackets(endIsEmpty: Bool) {
        var room = SocketQueue.usualByteCount
        while room <= SocketQueue.byteCountMax {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
            defer { buffer.deallocate() }
            var isWhole = true
            record.runs = []
            let guestsOffset = beginLooking()
            while true {
                let result = look(buffer)
                if result < 0 || result == 0 && endIsEmpty { break }
                if result > room { isWhole = false }
                record.runs.append(Array(buffer[..<min(result, room)]))
            }
            endLooking(guestsOffset)
            if isWhole { return }
            room *= 4
        }
    }

    /// Looks at what lies behind what was looked at before. The number of bytes that there are, which for a packet may
    /// be more than there was room for; a negative errno behind the last.
    private func look(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let flags = MessageFlag.peek | MessageFlag.dontWait | MessageFlag.truncated
        return retryingInterrupts {
            hostCall(
                __NR_recvfrom, UInt64(signed: hostFD), UInt64(address: buffer.baseAddress), UInt64(buffer.count),
                UInt64(signed: flags))
        }
    }

    /// Makes looks go on where the last one ended. Returns where the guest's own would have begun.
    private func beginLooking() -> Int32 {
        var guests: Int32 = -1
        var length: UInt32 = 4
        hostCall(
            __NR_getsockopt, UInt64(signed: hostFD), UInt64(SOL_SOCKET), UInt64(SocketQueue.peekOffset),
            UInt64(address: &guests), UInt64(address: &length))
        endLooking(0)
        return guests
    }

    private func endLooking(_ offset: Int32) {
        var offset = offset
        hostCall(
            __NR_setsockopt, UInt64(signed: hostFD), UInt64(SOL_SOCKET), UInt64(SocketQueue.peekOffset),
            UInt64(address: &offset), 4)
    }
}
