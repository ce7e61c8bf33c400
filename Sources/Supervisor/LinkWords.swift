import Epochs
import GuestKernel
import GuestMemory
import RecordCoding
import Replication
import Transport
import VolumeStore

/// What went wrong on the link, for people.
enum LinkWords {
    static func of(_ error: any Error) -> String {
        switch error {
        case let error as TransportError: return error.message
        case let error as SupervisorError: return error.message
        case let error as WireError: return error.message
        case let error as VolumeError: return error.message
        case let error as MirrorMemoryError: return error.message
        case let error as RestoreError: return error.message
        case let error as UnknownChange: return error.message
        case let error as RecordError: return "a record is damaged (\(error))"
        default: return "\(error)"
        }
    }
}

/// What travels over the local channel.
enum SharedKind {
    /// The page in which both sides see each other's death.
    static let lifePage: UInt32 = 1
    /// A descriptor of the guest's; the number is its description's identity.
    static let descriptor: UInt32 = 2
}

extension PeerProbe {
    /// An answer that takes longer is none: it only decides how soon something is done.
    private static let patienceNanoseconds: UInt64 = 500_000_000

    /// Tries a probe port once.
    init(probing endpoint: String) {
        let nonce = UInt64.random(in: .min ... .max)
        switch ProbeClient.probe(endpoint, nonce: nonce, timeoutNanoseconds: PeerProbe.patienceNanoseconds) {
        case .refused: self = .refused
        case .alive: self = .alive
        case .tookOver: self = .tookOver
        case .unreachable: self = .unreachable
        }
    }
}

extension GuestEnd {
    /// As an epoch has it.
    var forTheLink: EpochEnd.GuestOutcome {
        switch self {
        case .exited(let status): return .exited(status)
        case .signalled(let signal): return .signalled(signal)
        }
    }

    init(_ outcome: EpochEnd.GuestOutcome) {
        switch outcome {
        case .exited(let status): self = .exited(status)
        case .signalled(let signal): self = .signalled(signal)
        }
    }
}

extension Discards {
    /// As an epoch has it: page numbers.
    var forTheLink: EpochDiscards {
        switch self {
        case .everything: return .everything
        case .ranges(let ranges): return .pages(ranges.map { $0.start / 4096..<$0.end / 4096 })
        }
    }

    init(_ discards: EpochDiscards) {
        switch discards {
        case .everything: self = .everything
        case .pages(let ranges):
            self = .ranges(ranges.map { AddressRange(start: $0.lowerBound * 4096, end: $0.upperBound * 4096) })
        }
    }
}
