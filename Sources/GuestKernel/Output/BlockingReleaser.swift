import Glibc
import Synchronization

/// Lets out what is held of files and of descriptors that wait in the host's write: a thread that nobody waits for.
/// Made when the first such stream has something; it lives as long as the process.
final class BlockingReleaser: Sendable {
    private struct State {
        var isRunning = false
        var streams: [HeldStream] = []
    }

    private static let pieceByteCountMax = 64 << 10
    private let state = Mutex(State())
    /// Grows with every `add`; the thread sleeps on it.
    private let additions = Atomic<UInt32>(0)

    /// Something of the stream may go out.
    func add(_ stream: HeldStream) {
        state.withLock { state in
            if !state.streams.contains(where: { $0 === stream }) { state.streams.append(stream) }
            if state.isRunning { return }
            state.isRunning = true
            let result = HostThread.start(mask: HostSignals.helperMask) { [self] in serve() }
            precondition(result == 0, "no thread for held output: errno \(result)")
        }
        additions.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(additions)
    }

    private func serve() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: BlockingReleaser.pieceByteCountMax, alignment: 16)
        while true {
            let seen = additions.load(ordering: .sequentiallyConsistent)
            let next = state.withLock { state in state.streams.isEmpty ? nil : state.streams.removeFirst() }
            guard let stream = next else {
                HostFutex.wait(additions, while: seen)
                continue
            }
            // One piece each in turn. A stream that was added meanwhile is there twice at most, which harms nothing.
            if stream.releaseWaiting(buffer) { add(stream) }
        }
    }
}
