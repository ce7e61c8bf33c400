import CGuestEntry
import Glibc
import GuestMemory

/// ioctl on sockets. Some requests hold pointers of their own, so only known ones are passed on.
enum SocketControl {
    private static let interfaceList: UInt64 = 0x8912  // SIOCGIFCONF

    // FIOSETOWN, SIOCSPGRP, FIOGETOWN, SIOCGPGRP
    private static let ownerSetting: [UInt64] = [0x8901, 0x8902]
    private static let ownerQuestions: [UInt64] = [0x8903, 0x8904]

    private static let unsentByteCount: UInt64 = 0x5411  // SIOCOUTQ
    private static let notSentByteCount: UInt64 = 0x894b  // SIOCOUTQNSD

    /// Requests whose argument is a plain int, timestamp or struct ifreq without a pointer (linux/sockios.h):
    /// FIONREAD, TIOCOUTQ, SIOCATMARK, SIOCGSTAMP, SIOCGSTAMPNS, SIOCOUTQNSD, and what asks about interfaces.
    private static let passed: [UInt64] = [
        0x541b, 0x5411, 0x8905, 0x8906, 0x8907, 0x894b, 0x8910, 0x8913, 0x8915, 0x8917, 0x8919, 0x891b, 0x891d,
        0x8921, 0x8927, 0x8933, 0x8942, 0x8970,
    ]

    static func ioctl(_ thread: GuestThread, _ file: FileDescription, _ request: UInt64, _ argument: UInt64) -> Int {
        guard argument < GuestLayout.arenaEnd else { return failed(EFAULT) }
        if request == interfaceList { return listInterfaces(thread, file, argument) }
        if ownerSetting.contains(request) {
            guard let owner = GuestAccess.load(Int32.self, at: argument) else { return failed(EFAULT) }
            return DescriptorSignalCalls.setOwner(thread, file, owner)
        }
        if ownerQuestions.contains(request) {
            let owner = Int32(DescriptorSignalCalls.owner(of: file))
            return GuestAccess.store(owner, at: argument) ? 0 : failed(EFAULT)
        }
        // SIOCGSTAMP_NEW and its like carry their argument's size in the request.
        guard passed.contains(request) || request & 0xffff == 0x8906 || request & 0xffff == 0x8907 else {
            return failed(ENOTTY)
        }
        let result = thread.opening(argument) {
            hostCall(__NR_ioctl, UInt64(signed: file.hostFD), request, argument)
        }
        if result == 0, request == unsentByteCount || request == notSentByteCount, let hold = file.hold {
            guard let count = GuestAccess.load(Int32.self, at: argument) else { return failed(EFAULT) }
            return GuestAccess.store(count &+ Int32(hold.heldByteCount), at: argument) ? 0 : failed(EFAULT)
        }
        return result
    }

    /// struct ifconf: a length, and a pointer to room for the list.
    private static func listInterfaces(_ thread: GuestThread, _ file: FileDescription, _ argument: UInt64) -> Int {
        guard var list = GuestAccess.load((length: Int32, room: UInt64).self, at: argument) else {
            return failed(EFAULT)
        }
        guard list.room < GuestLayout.arenaEnd else { return failed(EFAULT) }
        let result = thread.opening(list.room) {
            hostCall(__NR_ioctl, UInt64(signed: file.hostFD), interfaceList, UInt64(address: &list))
        }
        if result < 0 { return result }
        return GuestAccess.store(list.length, at: argument) ? 0 : failed(EFAULT)
    }
}
