import Glibc
import TestSupport

/// Sends what no `LocalChannel` would: any bytes, any number of descriptors, in one message.
func sendRaw(_ bytes: [UInt8], _ descriptors: [Int32], on socket: Int32) throws {
    var control = [Int](repeating: 0, count: 2 + (descriptors.count + 1) / 2)
    control[0] = 16 + descriptors.count * 4
    control[1] = Int(SOL_SOCKET) | Int(SCM_RIGHTS) << 32
    control.withUnsafeMutableBytes { control in
        for (index, descriptor) in descriptors.enumerated() {
            control.storeBytes(of: descriptor, toByteOffset: 16 + index * 4, as: Int32.self)
        }
    }
    let sent = bytes.withUnsafeBytes { bytes in
        control.withUnsafeMutableBytes { control in
            var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            return withUnsafeMutablePointer(to: &vector) { vector in
                var message = msghdr()
                message.msg_iov = vector
                message.msg_iovlen = 1
                message.msg_control = control.baseAddress
                message.msg_controllen = control.count
                return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
            }
        }
    }
    guard sent == bytes.count else { throw TestFailure("sendmsg: \(String(cString: strerror(errno)))") }
}
