import CGuestEntry
import Glibc
import GuestMemory

/// A socket address that the guest gave, copied into its thread's scratch memory; the path of a
/// Unix socket has gone through the resolver.
///
/// Keep it alive while the address is in use.
///
/// Sound: the scratch memory is the thread's own, and one call uses it at a time.
struct SocketAddress {
    let pointer: UnsafeMutableRawPointer
    let byteCount: Int
    /// Holds the directory open where the path is too long for an address and names that by its descriptor.
    private var path: ResolvedPath?

    /// Whether it is of use only as long as it is kept alive.
    var isForThisCall: Bool { path != nil }

    private static let familyByteCount = 2
    /// sizeof(sun_path).
    static let pathByteCountMax = 108

    var family: Int32 {
        byteCount < SocketAddress.familyByteCount ? AF_UNSPEC : Int32(pointer.load(as: UInt16.self))
    }

    /// The port of an Internet address, or nil.
    static func port(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4, bytes[0] == UInt8(AF_INET) || bytes[0] == UInt8(AF_INET6) else { return nil }
        return Int(bytes[2]) << 8 | Int(bytes[3])
    }

    /// The address as bytes, for a record; taken before `load` translates a path.
    static func guestBytes(at address: UInt64, length: UInt64) -> [UInt8] {
        let count = Int(Int32(truncatingIfNeeded: length))
        guard count >= 0, count <= MessageScratch.addressByteCountMax else { return [] }
        return GuestAccess.loadArray(UInt8.self, at: address, count: count) ?? []
    }

    /// With `isNew` a path is one to be made: a link that has the name is not followed.
    static func load(
        _ thread: GuestThread, at address: UInt64, length: UInt64, isNew: Bool = false
    ) -> Result<SocketAddress, CallError> {
        let count = Int(Int32(truncatingIfNeeded: length))
        guard count >= 0, count <= MessageScratch.addressByteCountMax else {
            return .failure(CallError(errno: EINVAL))
        }
        let pointer = thread.scratch + MessageScratch.address
        guard GuestAccess.copyIn(pointer, from: address, count: count) else {
            return .failure(CallError(errno: EFAULT))
        }
        let loaded = SocketAddress(pointer: pointer, byteCount: count, path: nil)
        let hasPath =
            count > familyByteCount && loaded.family == AF_UNIX
            && pointer.load(fromByteOffset: familyByteCount, as: UInt8.self) != 0
        // An abstract name (its first byte is NUL) belongs to no file system.
        return hasPath ? loaded.resolved(thread, isNew: isNew) : .success(loaded)
    }

    private func resolved(_ thread: GuestThread, isNew: Bool) -> Result<SocketAddress, CallError> {
        let room = min(byteCount - SocketAddress.familyByteCount, SocketAddress.pathByteCountMax)
        let bytes = UnsafeRawBufferPointer(start: pointer + SocketAddress.familyByteCount, count: room)
        let path = Array(bytes.prefix { $0 != 0 })
        switch thread.kernel.paths.resolveChecked(
            thread.kernel, directory: UInt64(signed: AT_FDCWD), path: path,
            PathWalkOptions(followsLast: !isNew, isName: isNew))
        {
        case .failure(let error): return .failure(error)
        case .success(let found):
            let (host, isLasting) = found.socketPath(byteCountMax: SocketAddress.pathByteCountMax)
            guard host.count <= SocketAddress.pathByteCountMax else { return .failure(CallError(errno: ENAMETOOLONG)) }
            (pointer + SocketAddress.familyByteCount).copyMemory(from: host, byteCount: host.count)
            // The kernel ends the path itself where it fills sun_path (unix_mkname_bsd).
            return .success(
                SocketAddress(
                    pointer: pointer, byteCount: SocketAddress.familyByteCount + host.count,
                    path: isLasting ? nil : found))
        }
    }

    /// Writes an address to the guest as move_addr_to_user in net/socket.c does: cut to the room
    /// there is, with its whole length in the length word. 0 or a negative errno.
    static func copyOut(
        _ source: UnsafeRawPointer, _ byteCount: UInt32, to address: UInt64, lengthAt lengthAddress: UInt64
    ) -> Int {
        guard let room = GuestAccess.load(Int32.self, at: lengthAddress) else { return failed(EFAULT) }
        guard room >= 0 else { return failed(EINVAL) }
        let copied = min(Int(room), Int(byteCount))
        guard GuestAccess.copyOut(to: address, source, count: copied) else { return failed(EFAULT) }
        return GuestAccess.store(byteCount, at: lengthAddress) ? 0 : failed(EFAULT)
    }
}
