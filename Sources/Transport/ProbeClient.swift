import Epochs
import Glibc

/// Tries a peer's probe port (architecture §6).
public enum ProbeClient {
    public enum Outcome: Equatable, Sendable {
        /// Nobody listens there any more: the process is gone.
        case refused
        /// It answered with the nonce.
        case alive
        /// It answered that it has taken over.
        case tookOver
        /// Neither answer nor refusal in time.
        case unreachable
    }

    /// A process that is ending may still take the connection, and then drops it unanswered; soon after it refuses.
    private static let retryPauseMicroseconds: UInt32 = 2000

    /// `endpoint` is what the peer said in the handshake. A name is looked up first, which the timeout does not bound.
    public static func probe(_ endpoint: String, nonce: UInt64, timeoutNanoseconds: UInt64) -> Outcome {
        do throws(TransportError) {
            return probe(
                try Endpoint(parsing: endpoint).resolve(), nonce: nonce, timeoutNanoseconds: timeoutNanoseconds)
        } catch {
            return .unreachable
        }
    }

    /// As above, for an address that is known; takes no longer than the timeout.
    public static func probe(_ addresses: [SocketAddress], nonce: UInt64, timeoutNanoseconds: UInt64) -> Outcome {
        let deadline = Deadline(in: timeoutNanoseconds)
        while true {
            if let outcome = attempt(addresses, nonce, deadline) { return outcome }
            if deadline.remainingNanoseconds == 0 { return .unreachable }
            asleep { _ = usleep(retryPauseMicroseconds) }
        }
    }

    /// One connection; nil when it was made but dropped without an answer.
    private static func attempt(_ addresses: [SocketAddress], _ nonce: UInt64, _ deadline: Deadline) -> Outcome? {
        let socket: LinkSocket
        do throws(TransportError) {
            socket = try LinkSocket.connect(
                toFirstOf: addresses, timeoutNanoseconds: deadline.remainingNanoseconds ?? 0)
        } catch {
            return outcome(of: error)
        }
        do {
            try socket.send(Probe(nonce: nonce).frame)
            let reader = FrameReader(socket)
            guard let received = try reader.receive(timeoutNanoseconds: deadline.remainingNanoseconds) else {
                return nil
            }
            guard received.header.kind == .probeAnswer else { return .unreachable }
            let answer = try received.message(ProbeAnswer.self)
            guard answer.nonce == nonce else { return .unreachable }
            return answer.hasTakenOver ? .tookOver : .alive
        } catch let error as TransportError {
            return error.errno == ECONNRESET || error.errno == EPIPE ? nil : .unreachable
        } catch {
            return .unreachable
        }
    }

    private static func outcome(of error: TransportError) -> Outcome? {
        switch error.errno {
        case ECONNREFUSED: return .refused
        // The connection was in the backlog of a process that has ended.
        case ECONNRESET, EPIPE, ENOTCONN: return nil
        default: return .unreachable
        }
    }
}
