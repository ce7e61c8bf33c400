import CGuestEntry
import Glibc
import GuestMemory

/// A guest's struct msghdr, copied in and checked; its I/O vectors lie in the thread's scratch memory.
struct MessageHeader {
    /// Where the guest's own header lies.
    let address: UInt64
    let guest: msghdr
    let pieces: IOVectors

    private static let nameLengthOffset: UInt64 = 8
    private static let controlLengthOffset: UInt64 = 40
    private static let flagsOffset: UInt64 = 48

    static func load(_ thread: GuestThread, at address: UInt64) -> Result<MessageHeader, CallError> {
        guard let guest = GuestAccess.load(msghdr.self, at: address) else {
            return .failure(CallError(errno: EFAULT))
        }
        guard guest.msg_name == nil || Int32(bitPattern: guest.msg_namelen) >= 0 else {
            return .failure(CallError(errno: EINVAL))
        }
        let count = UInt64(UInt(bitPattern: Int(guest.msg_iovlen)))
        guard count <= UInt64(TransferCalls.vectorCountMax) else { return .failure(CallError(errno: EMSGSIZE)) }
        switch IOVectors.load(thread, at: UInt64(address: guest.msg_iov), count: count) {
        case .failure(let error): return .failure(error)
        case .success(let pieces):
            return .success(MessageHeader(address: address, guest: guest, pieces: pieces))
        }
    }

    var nameAddress: UInt64 { UInt64(address: guest.msg_name) }
    var controlAddress: UInt64 { UInt64(address: guest.msg_control) }

    /// The length of the guest's name as sendmsg takes it: at most a sockaddr_storage (net/socket.c).
    var nameByteCount: UInt64 {
        UInt64(min(Int(guest.msg_namelen), MessageScratch.addressByteCountMax))
    }

    // MARK: - What recvmsg writes back

    func storeNameLength(_ length: UInt32) -> Bool {
        GuestAccess.store(length, at: address + MessageHeader.nameLengthOffset)
    }

    func storeControlLength(_ length: Int) -> Bool {
        GuestAccess.store(length, at: address + MessageHeader.controlLengthOffset)
    }

    func storeFlags(_ flags: Int32) -> Bool {
        GuestAccess.store(flags, at: address + MessageHeader.flagsOffset)
    }
}
