import CGuestEntry
import Glibc
import GuestMemory

/// What calls on a description a thread may make without leaving the guest (guest_direct.h): those that never wait for
/// somebody else, and of which nothing but the host's kernel has to know.
struct DirectAccess {
    private let bits: UInt32

    static let none = DirectAccess(bits: 0)

    private init(bits: UInt32) {
        self.bits = bits
    }

    init(to file: FileDescription) {
        guard file.hold == nil, file.volume == nil, file.payload == nil, !file.isUnreplicated else {
            bits = 0
            return
        }
        let transfers = DirectAccess.transfers(file)
        switch file.kind {
        case .regular: bits = transfers | GUEST_DIRECT_SEEK
        case .device: bits = DirectAccess.isMemoryDevice(file.hostFD) ? transfers : 0
        case .socket: bits = GUEST_DIRECT_READ | GUEST_DIRECT_WRITE | GUEST_DIRECT_SOCKET
        case .pipe: bits = DirectAccess.isNonBlocking(file.hostFD) ? transfers : 0
        case .directory, .terminal, .epoll, .event, .timer, .signal, .synthetic, .lost: bits = 0
        }
    }

    /// With the file table's lock, after the descriptor has become the file's, or nobody's.
    func give(to descriptor: Int, _ file: FileDescription) {
        guard descriptor < GUEST_DIRECT_DESCRIPTORS else { return }
        guest_direct_set(UInt32(descriptor), file.hostFD, bits)
    }

    /// Waits, without a lock, until no call goes to what the descriptor was before.
    static func settle(_ descriptor: Int) {
        guard descriptor < GUEST_DIRECT_DESCRIPTORS else { return }
        guest_direct_settle(UInt32(descriptor))
    }

    private static func transfers(_ file: FileDescription) -> UInt32 {
        let flags = file.statusFlags.load(ordering: .relaxed)
        // O_PATH, which has no other access.
        if flags & 0x20_0000 != 0 { return 0 }
        switch flags & O_ACCMODE {
        case O_RDONLY: return GUEST_DIRECT_READ
        case O_WRONLY: return GUEST_DIRECT_WRITE
        default: return GUEST_DIRECT_READ | GUEST_DIRECT_WRITE
        }
    }

    /// /dev/null, /dev/zero and their like: other devices may wait for ever.
    private static func isMemoryDevice(_ hostFD: Int32) -> Bool {
        var status = stat()
        guard fstat(hostFD, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return false }
        return status.st_rdev >> 8 == 1
    }

    /// A pipe from outside may be one that could not be opened anew.
    private static func isNonBlocking(_ hostFD: Int32) -> Bool {
        hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_GETFL)) & Int(O_NONBLOCK) != 0
    }
}
