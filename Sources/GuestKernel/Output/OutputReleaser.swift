import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Goes on with streams whose host descriptor took no more: a thread that waits, by an epoll of its own, until one
/// does. It lives as long as the process.
final class OutputReleaser: Sendable {
    private struct State {
        /// By host descriptor, each blocked stream once.
        var streams: [Int32: HeldStream] = [:]
    }

    private static let eventCountMax = 64
    private let state = Mutex(State())
    private let epollFD: Int32

    /// Made before the guest runs: later the guest may have used up the descriptors.
    init() {
        let made = hostCall(__NR_epoll_create1, UInt64(O_CLOEXEC))
        precondition(made >= 0, "no epoll for held output: errno \(-made)")
        epollFD = Int32(made)
        let result = HostThread.start(mask: HostSignals.helperMask) { [self] in serve() }
        precondition(result == 0, "no thread for held output: errno \(result)")
    }

    /// Calls `goOn` on the stream once its descriptor takes more, or has an error to tell.
    func add(_ stream: HeldStream) {
        state.withLock { state in
            state.streams[stream.hostFD] = stream
            var event = PackedEpollEvent(
                events: UInt32(POLLOUT) | EpollSet.oneShotFlag, data: UInt64(UInt32(stream.hostFD)))
            let result = control(.add, stream.hostFD, &event)
            precondition(result == 0, "held output cannot be waited for: errno \(-result)")
        }
    }

    /// The stream no longer waits.
    func forget(_ stream: HeldStream) {
        _ = take(stream.hostFD)
    }

    private func serve() {
        let events = UnsafeMutablePointer<PackedEpollEvent>.allocate(capacity: OutputReleaser.eventCountMax)
        while true {
            let count = hostWait(
                __NR_epoll_wait, UInt64(signed: epollFD), UInt64(address: events),
                UInt64(OutputReleaser.eventCountMax), UInt64(signed: -1))
            for index in 0..<max(0, count) { take(Int32(truncatingIfNeeded: events[index].data))?.goOn() }
        }
    }

    /// Takes a stream out before it goes on: its descriptor may be closed then, and its number be another's.
    private func take(_ hostFD: Int32) -> HeldStream? {
        state.withLock { state in
            var event = PackedEpollEvent(events: 0, data: 0)
            _ = control(.remove, hostFD, &event)
            return state.streams.removeValue(forKey: hostFD)
        }
    }

    private func control(_ operation: EpollOperation, _ hostFD: Int32, _ event: inout PackedEpollEvent) -> Int {
        hostCall(
            __NR_epoll_ctl, UInt64(signed: epollFD), UInt64(signed: operation.rawValue), UInt64(signed: hostFD),
            UInt64(address: &event))
    }
}
