import TestSupport

/// Asks by curl, which takes any certificate.
struct CurlClient: ServerClient {
    let url: String

    /// What curl says of a server that is not there, or goes away: could not connect, a part only, a timeout, no TLS
    /// handshake, nothing, neither sent nor received.
    private static let brokenStatuses: Set<Int32> = [7, 18, 28, 35, 52, 55, 56]

    func ask() async throws -> String {
        let outcome = try await Command("/usr/bin/curl", ["-kfsS", "-m", "20", url]).run()
        if Self.brokenStatuses.contains(outcome.status) { throw ConnectionBroken(outcome.errorText) }
        guard outcome.ending == .exited(0) else { throw TestFailure("curl failed", outcome) }
        return outcome.outputText
    }
}
