import Foundation
import Synchronization

/// Stands between a primary and its mirror, passes on what they say, and once does something to it.
public final class LinkProxy: Sendable {
    private struct State {
        var passed: [LinkFault.Direction: Int] = [:]
        var hasStruck = false
        /// Nothing is passed on any more, on any connection.
        var isSilent = false
    }

    /// What is to be passed on of what was received, and whether the connection ends with it.
    private struct Verdict {
        var bytes: ArraySlice<UInt8>
        var ends = false
    }

    private let listener: ListeningSocket
    private let target: UInt16
    private let fault: LinkFault?
    private let state = Mutex(State())

    public var port: UInt16 { listener.port }

    /// Whether so much was sent that the fault came about.
    public var hasStruck: Bool { state.withLock { $0.hasStruck } }

    /// Runs `body` beside a proxy for a port of 127.0.0.1.
    public static func with<Result>(
        to target: UInt16, _ fault: LinkFault?, _ body: (LinkProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = LinkProxy(try ListeningSocket(), target, fault)
        Thread.detachNewThread { proxy.serve() }
        defer { proxy.listener.stop() }
        return try await body(proxy)
    }

    private init(_ listener: ListeningSocket, _ target: UInt16, _ fault: LinkFault?) {
        self.listener = listener
        self.target = target
        self.fault = fault
    }

    private func serve() {
        while true {
            let near = listener.accept()
            guard near >= 0 else { return }
            Thread.detachNewThread { [self] in
                let far = RawStream.connected(to: target)
                if far >= 0 { pass(near, far) }
                for descriptor in [near, far] where descriptor >= 0 { close(descriptor) }
            }
        }
    }

    /// Until both sides have closed, or the fault ends it.
    private func pass(_ near: Int32, _ far: Int32) {
        for descriptor in [near, far] {
            RawStream.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        }
        let ways = [(near, far, LinkFault.Direction.toMirror), (far, near, .toPrimary)]
        var isOpen = [true, true]
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while isOpen.contains(true) {
            var waits = zip(ways, isOpen).map { pollfd(fd: $1 ? $0.0 : -1, events: Int16(POLLIN), revents: 0) }
            guard poll(&waits, 2, -1) > 0 || errno == EINTR else { return }
            for (index, (source, sink, direction)) in ways.enumerated() where waits[index].revents != 0 {
                let count = recv(source, &chunk, chunk.count, 0)
                guard count > 0 else {
                    isOpen[index] = false
                    if !state.withLock({ $0.isSilent }) { shutdown(sink, Int32(SHUT_WR)) }
                    continue
                }
                let verdict = judge(chunk[..<count], direction)
                if !RawStream.send(verdict.bytes, to: sink) || verdict.ends { return }
            }
        }
    }

    private func judge(_ bytes: ArraySlice<UInt8>, _ direction: LinkFault.Direction) -> Verdict {
        state.withLock { state in
            if state.isSilent { return Verdict(bytes: []) }
            let start = state.passed[direction, default: 0]
            state.passed[direction] = start + bytes.count
            guard let fault, fault.direction == direction, (start..<start + bytes.count).contains(fault.offset) else {
                return Verdict(bytes: bytes)
            }
            state.hasStruck = true
            let place = bytes.startIndex + fault.offset - start
            var changed = bytes
            switch fault.kind {
            case .flippedBit:
                changed[place] ^= 1 << UInt8(fault.offset % 8)
                return Verdict(bytes: changed)
            case .insertedBytes:
                changed.insert(contentsOf: [0, 0xff, 0x55, 1, 2, 3], at: place)
                return Verdict(bytes: changed)
            case .cut: return Verdict(bytes: bytes[..<place], ends: true)
            case .silence:
                state.isSilent = true
                return Verdict(bytes: bytes[..<place])
            }
        }
    }
}
