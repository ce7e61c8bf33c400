import CGuestEntry
import Glibc
import GuestMemory
public import RecordCoding

/// Host descriptors that a primary gives to a mirror on its own machine, so that a takeover goes on with the object
/// itself: a listener with its backlog, a file that has no name any more.
public enum HandedDescriptors {
    /// One to be sent. It keeps the host descriptor open for as long as it lives.
    public struct Descriptor: Sendable {
        /// The description's identity: what the mirror gives to `GuestKernel.init(restoring:…)` with it.
        public let identity: UInt64
        public let hostFD: Int32
        private let file: FileDescription

        fileprivate init(_ file: FileDescription) {
            identity = file.identity
            hostFD = file.hostFD
            self.file = file
        }
    }

    /// What the mirror should get and has not been given, by the records that were captured last; called in the same
    /// stop. Each is named once. The mirror closes one when its object is in the records no longer.
    public static func wanted(_ kernel: GuestKernel) -> [Descriptor] {
        var wanted: [Descriptor] = []
        for (_, file) in kernel.files.snapshot() where file.checkpoint.isForHanding {
            if file.isHanded.exchange(true, ordering: .relaxed) { continue }
            wanted.append(Descriptor(file))
        }
        return wanted
    }

    /// Whether the records still speak of an object.
    public static func isNeeded(_ identity: UInt64, by records: RecordSet) -> Bool {
        records[RecordFamily.object.key(identity)] != nil
    }

    /// Listeners, datagram sockets that have a name, and files. Directories and devices are opened again, and of a
    /// volume's or a memory file the mirror has its own copy.
    static func isForHanding(_ object: ObjectRecord, _ file: FileDescription) -> Bool {
        switch object {
        case .file(let record): return file.kind == .regular && file.volume == nil && !record.isMemory
        case .socket(let socket):
            if socket.pair != 0 { return false }
            if socket.state == .listening { return true }
            return socket.type == SocketType.datagram && !socket.localAddress.isEmpty
        case .outside(let outside):
            // 0, 1 and 2 the mirror has of its own.
            return file.kind == .regular && !(0...2 ~= outside.descriptor)
        default: return false
        }
    }

    /// The guest's last reference to a handed file goes, and the mirror has it for a little longer: its locks are given
    /// up at once, as closing it would. (A listener's close waits for its commit, which closes the mirror's as well.)
    static func giveUpLocks(_ file: FileDescription) {
        if file.kind != .regular || file.transfers.isForGood { return }
        hostCall(__NR_flock, UInt64(signed: file.hostFD), UInt64(LOCK_UN))
        var whole = flock()
        whole.l_type = Int16(F_UNLCK)
        let setLock: UInt64 = 37  // F_OFD_SETLK
        hostCall(__NR_fcntl, UInt64(signed: file.hostFD), setLock, UInt64(address: &whole))
    }
}
