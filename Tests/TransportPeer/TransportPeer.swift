import Glibc
import Transport

/// The other process of a test: connects to the test's local listener, takes a life page, holds it, and does as it is
/// told.
///
///     TransportPeer LOCAL-NAME
///
/// It answers the page with its own identity, and ends with the channel.
@main
enum TransportPeer {
    /// Kinds of messages; TransportTests has the same.
    private enum Kind {
        static let page: UInt32 = 1
        static let ready: UInt32 = 2
        static let fill: UInt32 = 3
        static let exit: UInt32 = 4
        static let watch: UInt32 = 5
        static let release: UInt32 = 6
    }

    static func main() throws {
        guard CommandLine.arguments.count == 2 else { exit(64) }
        let channel = try LocalChannel.connect(to: CommandLine.arguments[1], timeoutNanoseconds: 5_000_000_000)
        var page: LifePage?
        while let message = try channel.receive() {
            switch message.kind {
            case Kind.page:
                guard let descriptor = message.descriptors.first else { exit(65) }
                let received = try LifePage(descriptor: descriptor)
                if let role = PeerRole(rawValue: UInt32(message.number)) { try received.hold(as: role) }
                page = received
                try answer(channel)
            case Kind.fill:
                fill(byteCount: Int(message.number))
                try channel.send(LocalMessage(kind: Kind.ready, number: 0))
            case Kind.release:
                page?.noteReleased(epoch: message.number)
                try channel.send(LocalMessage(kind: Kind.ready, number: 0))
            case Kind.watch:
                page?.waitForDeath(of: PeerRole(rawValue: UInt32(message.number))!)
                try channel.send(LocalMessage(kind: Kind.ready, number: 0))
            case Kind.exit:
                exit(Int32(message.number))
            default:
                exit(66)
            }
        }
    }

    private static func answer(_ channel: LocalChannel) throws {
        let own = try MachineIdentity.own()
        let facts = "\(own.bootIdentity) \(own.pid) \(own.startTime) \(own.pidNamespace)"
        try channel.send(LocalMessage(kind: Kind.ready, number: 0, bytes: Array(facts.utf8)))
    }

    /// Memory that the kernel has to give back when this process ends.
    private static func fill(byteCount: Int) {
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { exit(67) }
        for offset in stride(from: 0, to: byteCount, by: 4096) {
            memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
    }
}
