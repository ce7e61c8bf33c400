import CGuestEntry
import Glibc
import GuestMemory

/// Sockets other than pairs.
extension ObjectRestorer {
    mutating func restoreSocket(
        _ description: DescriptionRecord, _ socket: SocketRecord
    ) throws(RestoreError) -> FileDescription {
        let isConnection = socket.type == SocketType.stream || socket.type == SocketType.sequentialPackets
        let isOver = socket.state == .connected || socket.state == .connecting && !description.isAwaitedByConnect
        if isConnection, isOver { return try restoreDead(description, socket) }
        let made = HostSockets.make(
            domain: socket.domain, type: socket.type, networkProtocol: socket.networkProtocol)
        guard made >= 0 else {
            if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(Int32(-made)) {
                throw noRoom(description, errno: Int32(-made))
            }
            return try lost(
                description,
                "a socket of domain \(socket.domain) and type \(socket.type) cannot be made here (errno \(-made)): "
                    + "it fails (EIO)")
        }
        var kept = socket
        // The thread that waits calls connect(2) again.
        if socket.state == .connecting { kept.state = socket.localAddress.isEmpty ? .unconnected : .bound }
        let file = HostSockets.describe(
            Int32(made), statusFlags: description.statusFlags, kept, identity: description.identity)
        SocketOptions.apply(kept.options, to: file.hostFD)
        let binding = SocketBinding(kernel: kernel, socket: kept)
        let result = binding.apply(to: file.hostFD)
        if result < 0 {
            file.isBindingLate.store(true, ordering: .releasing)
            binding.keepQuiet(file.hostFD)
            kernel.configuration.report(binding.complaint(Int32(-result)))
            lateBindings.append(LateBinding(file: file, binding: binding))
        }
        SocketOptions.shut(file.hostFD, as: kept)
        return file
    }

    /// A connection whose other end the guest has lost: a read says so once, and then that it is over.
    private mutating func restoreDead(
        _ description: DescriptionRecord, _ socket: SocketRecord
    ) throws(RestoreError) -> FileDescription {
        let made = dead.make(socket)
        guard made >= 0 else { throw noRoom(description, errno: Int32(-made)) }
        SocketOptions.apply(socket.options, to: Int32(made))
        return HostSockets.describe(
            Int32(made), statusFlags: description.statusFlags, socket, identity: description.identity)
    }
}
