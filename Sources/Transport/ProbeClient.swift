import Epochs
import Glibc

/// Tries a peer's probe port once (architecture §6).
public enum ProbeClient {
    public enum Outcome: Equatable, Sendable {
        case refused
        case alive
        case tookOver
        case unreachable
    }

    /// `endpoint` is what the peer said in the handshake.
    public static func probe(_ endpoint: String, nonce: UInt64, timeoutNanoseconds: UInt64) -> Outcome {
        do {
            let socket = try LinkSocket.connect(
                to: Endpoint(parsing: endpoint), timeoutNanoseconds: timeoutNanoseconds)
            try socket.send(Probe(nonce: nonce).frame)
            let reader = FrameReader(socket)
            guard let received = try reader.receive(timeoutNanoseconds: timeoutNanoseconds),
                received.header.kind == .probeAnswer
            else { return .unreachable }
            let answer = try ProbeAnswer(payload: received.payload)
            guard answer.nonce == nonce else { return .unreachable }
            return answer.hasTakenOver ? .tookOver : .alive
        } catch let error as TransportError {
            return error.errno == ECONNREFUSED ? .refused : .unreachable
        } catch {
            return .unreachable
        }
    }
}
