import CGuestEntry
import FoundationEssentials
import Glibc
import GuestMemory

/// Everything that Understudy itself says: to stderr, one line each.
///
/// It goes to the supervisor's own descriptor 2. The guest's descriptors are duplicates, so nothing the guest closes or
/// moves can silence it, or lead it into a file of the guest's.
public struct MessageLog: Sendable {
    public enum Format: String, Sendable, CaseIterable {
        case text
        case json
    }

    public enum Level: String, Sendable {
        case info
        case warning
        case error
    }

    private struct Line: Encodable {
        let time: String
        let level: String
        let message: String
    }

    let format: Format

    /// A stderr that stays full for longer than this loses a line, rather than the guest its supervisor.
    private static let patienceMilliseconds: UInt64 = 1000

    public init(format: Format) {
        self.format = format
    }

    public func say(_ level: Level, _ message: String) {
        let bytes: [UInt8]
        switch format {
        case .text:
            let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
            bytes = Array("understudy: \(line)\n".utf8)
        case .json:
            let line = Line(time: Timestamp.now().text, level: level.rawValue, message: message)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let encoded = try? encoder.encode(line) else { return }
            bytes = Array(encoded) + [UInt8(ascii: "\n")]
        }
        write(bytes)
    }

    /// It may be called under the lock that output waits for: a reader that has stopped reading must not stop that.
    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                let ready = hostWait(__NR_poll, UInt64(address: &entry), 1, MessageLog.patienceMilliseconds)
                if ready == -Int(EINTR) { continue }
                if ready <= 0 { return }
                // A pipe that poll(2) calls writable takes so much without waiting (pipe(7)).
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(PIPE_BUF)))
                let written = hostCall(
                    __NR_write, UInt64(STDERR_FILENO), UInt64(address: piece.baseAddress), UInt64(piece.count))
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if written != -Int(EINTR), written != -Int(EAGAIN) {
                    return
                }
            }
        }
    }
}
