import FoundationEssentials
import Glibc
import GuestKernel
import Synchronization
import Transport

/// Answers `understudy ctl`, on a thread of its own.
///
/// A request is a line: `status`, `epoch auto` or `epoch NANOSECONDS`. An answer is `error: ` and a sentence, or what
/// was asked for.
struct ControlService {
    private let role: any ReplicationRole
    private let output: OutputGate

    /// The socket's file, to be removed when this process ends.
    private static let path = Mutex<String?>(nil)

    /// Without a socket the guest runs as well: then somebody is told.
    static func start(_ role: any ReplicationRole, _ output: OutputGate, _ messages: MessageLog) {
        do throws(TransportError) {
            let socket = try ControlSocket()
            path.withLock { $0 = socket.path }
            let service = ControlService(role: role, output: output)
            HostThreads.startOrSay("control", messages) { socket.serve(service.answer) }
        } catch {
            messages.say(.warning, "understudy ctl cannot reach this process: \(error.message)")
        }
    }

    static func removeSocket() {
        if let path = path.withLock({ $0.take() }) { unlink(path) }
    }

    private func answer(_ line: String) -> String {
        let words = line.split(separator: " ")
        switch words.first {
        case "status" where words.count == 1: return status
        case "epoch" where words.count == 2: return setEpoch(String(words[1]))
        default: return "error: \(line) is no request that this version knows\n"
        }
    }

    private var status: String {
        let status = PipelineStatus(of: role, pid: getpid(), heldByteCount: output.heldByteCount)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let encoded = try? encoder.encode(status) else { return "error: the status cannot be encoded\n" }
        return String(decoding: encoded, as: UTF8.self) + "\n"
    }

    private func setEpoch(_ word: String) -> String {
        if role.checkpointer.queue.isClosed {
            return "error: the guest goes on without a mirror, and no epoch is cut any more\n"
        }
        if word == "auto" {
            role.checkpointer.set(.automatic)
            return "epoch auto\n"
        }
        guard let nanoseconds = UInt64(word), EpochChoice.nanosecondsAllowed.contains(nanoseconds) else {
            return "error: an epoch is 1ms to 24h, or auto\n"
        }
        role.checkpointer.set(.fixed(nanoseconds: nanoseconds))
        return "epoch \(nanoseconds) ns\n"
    }
}
