import TestSupport
import Transport

/// Two ends of a connection over loopback.
struct LinkPair: Sendable {
    let one: LinkSocket
    let other: LinkSocket

    init() throws {
        let listener = try LinkListener(on: Endpoint(parsing: "127.0.0.1:0"))
        one = try LinkSocket.connect(toFirstOf: [listener.address], timeoutNanoseconds: 5_000_000_000)
        guard let accepted = try listener.accept(timeoutNanoseconds: 5_000_000_000) else {
            throw TestFailure("nobody connected")
        }
        other = accepted
    }
}

/// How long `body` took, in milliseconds.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let duration = try clock.measure { try body() }
    return Double(duration.components.attoseconds) / 1e15 + Double(duration.components.seconds) * 1e3
}
