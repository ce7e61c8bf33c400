import Foundation
import TestSupport
import Testing

/// What is held while no epoch is committed has a limit: at it a connection or a pipe is not writable any more, whoever
/// asks and however, and is again once the link goes on (docs/output-commit.md). `held_limit` looks from within; here
/// are the link that stops, and readers who see that not a byte is lost.
@Suite("held output at its limit", .startsGuests)
struct HeldLimitTests {
    private static let byteCount = 1 << 20

    @Test("is not writable until the link goes on", arguments: Tracker.allCases, [false, true])
    func limit(_ tracker: Tracker, asRemote: Bool) async throws {
        var options = ReplicationOptions(tracker: tracker)
        options.isAsRemote = asRemote
        options.failureTimeout = "60s"
        try await ScratchDirectory.with { [options] scratch in
            let mirrorPort = try FreePort.any()
            try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(mirrorPort)", options) { mirror in
                try await SlowLink.with(to: mirrorPort) { link in
                    let place = try Place(in: scratch)
                    let command = options.primary(try place.guest(), mirroredAt: "127.0.0.1:\(link.port)")
                    try await command.after(shell: place.setup).running { primary in
                        try await primary.waitForErrors(ReplicatedGuest.protectedLine)
                        async let isAllRead: Void = Threads.run(6) { try place.readAll($0) }
                        try await primary.waitForOutput("ready\n")
                        link.set(.stopped)
                        // What was on its way has passed.
                        try await Task.sleep(nanoseconds: 100_000_000)
                        primary.send(text: "s")
                        let done = place.donePort
                        // What the guest says of a failure is held as well: the link goes on in any case.
                        let isDone: Void? = try? await Threads.run(1) { _ in
                            close(try Place.connection(to: done))
                        }
                        link.set(.unlimited)
                        let ended = try await primary.waitForEnd()
                        try await isAllRead
                        let isGood = ended.ending == .exited(0) && ended.outputText == "ready\nheld_limit: ok\n"
                        guard isDone != nil, isGood else {
                            throw TestFailure("not writable when it should be, or the other way round", ended)
                        }
                    }
                    let ended = try await mirror.waitForEnd()
                    #expect(ended.ending == .exited(0), "\(ended)")
                }
            }
        }
    }

    /// The guest's surroundings: its ports and paths, and the pipes that it finds open.
    private struct Place {
        let port: UInt16
        let donePort: UInt16
        let unixPath: String
        let setup: String
        /// Open for reading and writing, so that opening them waits for nobody.
        let pipes: [Int32]

        init(in scratch: ScratchDirectory) throws {
            port = try FreePort.any()
            donePort = try FreePort.any()
            unixPath = scratch.file("socket")
            let paths = ["open", "blocking"].map(scratch.file)
            for path in paths where mkfifo(path, 0o600) != 0 { throw TestFailure("no pipe \(path)") }
            pipes = paths.map { open($0, O_RDWR | O_CLOEXEC) }
            setup = "exec 3>'\(paths[0])' 4>'\(paths[1])'"
        }

        func guest() throws -> Command {
            guard let path = Linkage.static.path(of: "held_limit") else { throw TestFailure("run make guests") }
            var command = Command(path, ["\(port)", unixPath, "\(donePort)"])
            command.input = .held
            return command
        }

        /// One of two TCP connections, two Unix connections and two pipes: all that the guest writes, as it wrote it.
        func readAll(_ index: Int) throws {
            let descriptor: Int32
            switch index {
            case 0, 1: descriptor = try Place.connection(to: port)
            case 2, 3: descriptor = try Place.connection(to: unixPath)
            default: descriptor = pipes[index - 4]
            }
            defer { close(descriptor) }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            var position = 0
            while position < HeldLimitTests.byteCount {
                // A pipe that is kept open for writing has no end.
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&entry, 1, 30_000) == 1 else {
                    throw TestFailure("reader \(index): nothing comes after \(position) bytes")
                }
                let count = Glibc.read(descriptor, &chunk, chunk.count)
                guard count > 0 else { throw TestFailure("reader \(index): ended after \(position) bytes") }
                for (offset, byte) in chunk[..<count].enumerated() {
                    let expected = UInt8(truncatingIfNeeded: (UInt64(position + offset) &* 2_654_435_761) >> 24)
                    if byte != expected { throw TestFailure("reader \(index): byte \(position + offset) is another") }
                }
                position += count
            }
        }

        /// Connected as soon as somebody listens there.
        static func connection(to port: UInt16) throws -> Int32 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            return try connection(AF_INET, address)
        }

        static func connection(to path: String) throws -> Int32 {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            return try connection(AF_UNIX, address)
        }

        private static func connection<Address>(_ family: Int32, _ address: Address) throws -> Int32 {
            for _ in 0..<2000 {
                let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                let isConnected = withUnsafeBytes(of: address) { bytes in
                    let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                    return connect(descriptor, pointer, socklen_t(bytes.count)) == 0
                }
                if isConnected { return descriptor }
                close(descriptor)
                usleep(5000)
            }
            throw TestFailure("nobody listens")
        }
    }
}
