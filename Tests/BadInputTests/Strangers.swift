import TestSupport

/// Connections to a mirror's port from somebody who is no primary.
enum Strangers {
    /// Comes several times, says something else each time, and leaves in different ways.
    static func visit(_ port: UInt16, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var noise = [UInt8](repeating: 0, count: 300_000)
        for index in noise.indices { noise[index] = UInt8(truncatingIfNeeded: generator.next()) }
        let sayings: [[UInt8]] = [
            [], [0], Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [UInt8](repeating: 0, count: 4096),
            [UInt8](repeating: 0xff, count: 4096), Array(noise[..<64]), noise, Array("understudy".utf8),
        ]
        for saying in sayings {
            for manner in 0..<3 {
                let stranger: RawConnection
                do { stranger = try RawConnection(port: port) } catch is ConnectionBroken {
                    // Full for a moment is all right; gone is not, and shows later.
                    continue
                }
                // Being hung up on in the middle of it is what is to be expected.
                try? stranger.send(saying)
                switch manner {
                case 0: stranger.finish()
                case 1: stranger.reset()
                default: _ = stranger.receiveAll(silenceMilliseconds: 20)
                }
            }
        }
        // Many at once that say nothing and do not leave.
        let idle = (0..<50).compactMap { _ in try? RawConnection(port: port) }
        for connection in idle { try? connection.send([1, 2, 3]) }
    }
}
