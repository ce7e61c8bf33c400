import CGuestEntry
import Epochs
import GuestMemory
import Transport

/// What this process says of itself in a handshake.
enum HandshakeFacts {
    static func processor() -> ProcessorFacts {
        var words = [UInt32](repeating: 0, count: Int(GUEST_PROCESSOR_FEATURE_WORDS))
        guest_processor_features(&words)
        let mask = guest_xsave_mask()
        // Components 0 and 1 lie in the legacy region, at places that are the same on every CPU.
        let components = (2..<UInt32(63)).filter { mask >> UInt64($0) & 1 == 1 }.map { component in
            ProcessorFacts.Component(
                number: component, offset: guest_xsave_component_offset(component),
                byteCount: guest_xsave_component_bytes(component))
        }
        return ProcessorFacts(
            xsaveMask: mask, xsaveByteCount: guest_xsave_bytes(), components: components, featureWords: words)
    }
}

extension MachineIdentity {
    /// As a handshake has it.
    var forTheLink: PeerIdentity {
        PeerIdentity(bootIdentity: bootIdentity, pidNamespace: pidNamespace, pid: pid, startTicks: startTime)
    }

    init(_ peer: PeerIdentity) {
        self.init(
            bootIdentity: peer.bootIdentity, pid: peer.pid, startTime: peer.startTicks, pidNamespace: peer.pidNamespace)
    }
}
