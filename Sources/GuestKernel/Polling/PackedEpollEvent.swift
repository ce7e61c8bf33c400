import CGuestEntry
import Glibc
import GuestMemory

/// struct epoll_event as x86-64 has it: packed to 12 bytes (the data word is not aligned).
struct PackedEpollEvent: BitwiseCopyable, Sendable {
    var events: UInt32
    private var lowData: UInt32
    private var highData: UInt32

    init(events: UInt32, data: UInt64) {
        self.events = events
        lowData = UInt32(truncatingIfNeeded: data)
        highData = UInt32(truncatingIfNeeded: data >> 32)
    }

    var data: UInt64 { UInt64(highData) << 32 | UInt64(lowData) }

    static let byteCount = MemoryLayout<PackedEpollEvent>.stride
}

/// epoll_ctl(2)'s operations (EPOLL_CTL_*).
enum EpollOperation: Int32 {
    case add = 1
    case remove = 2
    case modify = 3
}
