/// Somebody who asks a server something and gets an answer.
protocol ServerClient: Sendable {
    /// Asks once, on a connection of its own; throws ``ConnectionBroken`` where the server is not there, or goes away.
    func ask() async throws -> String
}
