import Foundation
import Synchronization

/// Stands between a primary and its mirror, and passes on what they say no faster than it is told to.
public final class SlowLink: Sendable {
    private let listener: ListeningSocket
    private let target: UInt16
    private let rate = Mutex<Rate>(.unlimited)

    public enum Rate: Equatable, Sendable {
        case unlimited
        /// Of each connection's way to the mirror, above 0.
        case bytesPerSecond(Int)
        /// Nothing is passed on, either way; the connections stay open.
        case stopped
    }

    public var port: UInt16 { listener.port }

    /// So often a second something is passed on where there is a rate, and looked whether it has changed.
    private static let ticksPerSecond = 50
    private static let chunkByteCount = 1 << 16

    /// Runs `body` beside a link to a port of 127.0.0.1.
    public static func with<Result>(
        to target: UInt16, _ body: (SlowLink) async throws -> Result
    ) async throws -> Result {
        let link = SlowLink(try ListeningSocket(), target)
        Thread.detachNewThread { link.serve() }
        defer {
            link.listener.stop()
            link.set(.unlimited)
        }
        return try await body(link)
    }

    public func set(_ new: Rate) {
        rate.withLock { $0 = new }
    }

    private init(_ listener: ListeningSocket, _ target: UInt16) {
        self.listener = listener
        self.target = target
    }

    private func serve() {
        while true {
            let near = listener.accept()
            guard near >= 0 else { return }
            let far = RawStream.connected(to: target)
            guard far >= 0 else {
                close(near)
                continue
            }
            // What is in the kernel's buffers has left the primary: little of it, as on a link that is slow.
            for descriptor in [near, far] {
                RawStream.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                RawStream.setOption(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(SlowLink.chunkByteCount))
                RawStream.setOption(descriptor, SOL_SOCKET, SO_SNDBUF, Int32(SlowLink.chunkByteCount))
            }
            let ends = Ends(near: near, far: far)
            Thread.detachNewThread { [self] in pass(from: near, to: far, isPaced: true, ends) }
            Thread.detachNewThread { [self] in pass(from: far, to: near, isPaced: false, ends) }
        }
    }

    /// The two connections of one; closed with the last of the threads that use them.
    private final class Ends: Sendable {
        let near: Int32
        let far: Int32

        init(near: Int32, far: Int32) {
            (self.near, self.far) = (near, far)
        }

        deinit {
            close(near)
            close(far)
        }
    }

    /// Until one of the sides has closed.
    private func pass(from source: Int32, to sink: Int32, isPaced: Bool, _ ends: Ends) {
        var chunk = [UInt8](repeating: 0, count: SlowLink.chunkByteCount)
        while true {
            var most = chunk.count
            var isLimited = false
            switch rate.withLock({ $0 }) {
            case .unlimited: break
            case .bytesPerSecond(let rate) where isPaced:
                most = min(most, max(1, rate / SlowLink.ticksPerSecond))
                isLimited = true
            case .bytesPerSecond: break
            case .stopped:
                SlowLink.sleepForTick()
                continue
            }
            // Not for ever: the link may be stopped while nothing is said.
            var entry = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, Int32(1000 / SlowLink.ticksPerSecond)) <= 0 { continue }
            let count = recv(source, &chunk, most, 0)
            guard count > 0, RawStream.send(chunk[..<count], to: sink) else { break }
            if isLimited { SlowLink.sleepForTick() }
        }
        for descriptor in [ends.near, ends.far] { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private static func sleepForTick() { usleep(useconds_t(1_000_000 / ticksPerSecond)) }
}
