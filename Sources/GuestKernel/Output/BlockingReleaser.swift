import Glibc
import Synchronization

/// Lets out what is held of files and of descriptors that wait in the host's write: a thread that nobody waits for.
/// It lives as long as the process.
final class BlockingReleaser: Sendable {
    private static let pieceByteCountMax = 64 << 10
    private let streams = Mutex<[HeldStream]>([])
    /// Grows with every `add`; the thread sleeps on it.
    private let additions = Atomic<UInt32>(0)

    /// Made before the guest runs: later there may be no thread to be had.
    init() {
        let result = HostThread.start(mask: HostSignals.helperMask) { [self] in serve() }
        precondition(result == 0, "no thread for held output: errno \(result)")
    }

    /// Something of the stream may go out.
    func add(_ stream: HeldStream) {
        streams.withLock { streams in
            if !streams.contains(where: { $0 === stream }) { streams.append(stream) }
        }
        additions.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(additions)
    }

    private func serve() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: BlockingReleaser.pieceByteCountMax, alignment: 16)
        while true {
            let seen = additions.load(ordering: .sequentiallyConsistent)
            let next = streams.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let stream = next else {
                HostFutex.wait(additions, while: seen)
                continue
            }
            // One piece each in turn. A stream that was added meanwhile is there twice at most, which harms nothing.
            if stream.releaseWaiting(buffer) { add(stream) }
        }
    }
}
