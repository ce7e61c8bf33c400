import SyscallShapes
import Testing

@testable import Tracing

@Suite("sockets")
struct SocketTests {
    private let address: UInt64 = 0x7f00_1000
    private let other: UInt64 = 0x7f00_2000
    private let third: UInt64 = 0x7f00_3000

    private func shown(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { bytes in appended { SocketAddressText.append(bytes, .none, &$0) } }
    }

    @Test("addresses")
    func addresses() {
        let internet = little(UInt16(2)) + [0x1F, 0x90, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
        #expect(shown(internet) == #"{sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}"#)
        #expect(shown(little(UInt16(1)) + cString("/run/x")) == #"{sa_family=AF_UNIX, sun_path="/run/x"}"#)
        #expect(shown(little(UInt16(1)) + [0] + Array("abc".utf8)) == #"{sa_family=AF_UNIX, sun_path=@"abc"}"#)
        #expect(shown(little(UInt16(1))) == "{sa_family=AF_UNIX}")
        #expect(
            shown(little(UInt16(16), UInt16(0), UInt32(7), UInt32(1)))
                == "{sa_family=AF_NETLINK, nl_pid=7, nl_groups=0x00000001}")
        #expect(shown(little(UInt16(99)) + [1, 2]) == #"{sa_family=0x63 /* AF_??? */, sa_data="\1\2"}"#)
    }

    @Test("IPv6 addresses leave their longest run of zeros out")
    func internet6() {
        func text(_ groups: [UInt16]) -> Substring {
            let bytes = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            let address = little(UInt16(10)) + [0, 80, 0, 0, 0, 0] + bytes + little(UInt32(0))
            return shown(address).split(separator: "\"")[1]
        }
        #expect(text([0, 0, 0, 0, 0, 0, 0, 1]) == "::1")
        #expect(text([0, 0, 0, 0, 0, 0, 0, 0]) == "::")
        #expect(text([0xFE80, 0, 0, 0, 1, 0, 0, 2]) == "fe80::1:0:0:2")
        #expect(text([1, 2, 3, 4, 5, 6, 7, 8]) == "1:2:3:4:5:6:7:8")
        #expect(text([0x2001, 0, 0, 0, 0, 0, 0, 0]) == "2001::")
        #expect(text([0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1]) == "::ffff:127.0.0.1")
    }

    @Test("socket: the protocol's name depends on the family")
    func protocols() {
        #expect(
            line(41, [2, 0x8_0001, 6], result: 3).hasPrefix("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)"))
        #expect(line(41, [16, 3, 0], result: 3).hasPrefix("socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)"))
        #expect(line(41, [1, 1, 0], result: 3).hasPrefix("socket(AF_UNIX, SOCK_STREAM, 0)"))
    }

    @Test("an address's length before and after")
    func lengths() {
        let before: Snippets = [other: little(Int32(128))]
        let after: Snippets = [address: little(UInt16(1)), other: little(Int32(2))]
        #expect(
            line(51, [3, address, other], result: 0, entry: before, exit: after)
                == "getsockname(3, {sa_family=AF_UNIX}, [128 => 2]) = 0")
        #expect(line(43, [3, 0, 0], result: 4).hasPrefix("accept(3, NULL, NULL) "))
    }

    @Test("options")
    func options() {
        let one: Snippets = [address: little(Int32(1))]
        #expect(
            line(54, [3, 1, 2, address, 4], result: 0, entry: one)
                == "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0")
        #expect(
            line(54, [3, 6, 1, address, 4], result: 0, entry: one)
                == "setsockopt(3, SOL_TCP, TCP_NODELAY, [1], 4) = 0")
        let length: Snippets = [other: little(Int32(4))]
        let refused: Snippets = [address: little(Int32(111)), other: little(Int32(4))]
        #expect(
            line(55, [3, 1, 4, address, other], result: 0, entry: length, exit: refused)
                == "getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0")
    }

    @Test("messages, with descriptors")
    func messages() {
        let header = little(
            UInt64(0), UInt64(0), other, UInt64(1), third, UInt64(24), UInt64(0))
        let control = little(UInt64(20), UInt32(1), UInt32(1), Int32(5), Int32(0))
        let captured: Snippets = [
            address: header, other: little(UInt64(0x7f00_4000), UInt64(1)), 0x7f00_4000: [0x78], third: control,
        ]
        #expect(
            line(46, [3, address, 0], result: 1, entry: captured)
                == "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"x\", iov_len=1}], msg_iovlen=1, "
                + "msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5]}], "
                + "msg_controllen=24, msg_flags=0}, 0) = 1")
        #expect(
            line(47, [3, address, 0x40], result: -11, entry: captured)
                == "recvmsg(3, {msg_namelen=0}, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)")
    }
}
