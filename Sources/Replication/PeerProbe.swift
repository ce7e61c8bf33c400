/// What trying the peer's probe port once, with a nonce, has shown (architecture §6).
public enum PeerProbe: Equatable, Sendable {
    /// Nobody listens there any more: the process is gone.
    case refused
    /// It answered with the nonce: the process lives, the link broke.
    case alive
    /// It answered with the nonce that it has taken over.
    case tookOver
    /// Neither answer nor refusal in time: NAT, a firewall, a stopped process; or an answer without the nonce.
    case unreachable
}
