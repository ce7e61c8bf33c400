import SyscallShapes

/// Sockets.
extension NameTable {
    static let protocolFamily = NameTable(
        unknown: "AF_???",
        choices: [
            (0, "AF_UNSPEC"), (1, "AF_UNIX"), (2, "AF_INET"), (3, "AF_AX25"), (4, "AF_IPX"), (5, "AF_APPLETALK"),
            (6, "AF_NETROM"), (7, "AF_BRIDGE"), (8, "AF_ATMPVC"), (9, "AF_X25"), (0xa, "AF_INET6"), (0xb, "AF_ROSE"),
            (0xc, "AF_DECnet"), (0xd, "AF_NETBEUI"), (0xe, "AF_SECURITY"), (0xf, "AF_KEY"), (0x10, "AF_NETLINK"),
            (0x11, "AF_PACKET"), (0x12, "AF_ASH"), (0x13, "AF_ECONET"), (0x14, "AF_ATMSVC"), (0x15, "AF_RDS"),
            (0x16, "AF_SNA"), (0x17, "AF_IRDA"), (0x18, "AF_PPPOX"), (0x19, "AF_WANPIPE"), (0x1a, "AF_LLC"),
            (0x1b, "AF_IB"), (0x1c, "AF_MPLS"), (0x1d, "AF_CAN"), (0x1e, "AF_TIPC"), (0x1f, "AF_BLUETOOTH"),
            (0x20, "AF_IUCV"), (0x21, "AF_RXRPC"), (0x22, "AF_ISDN"), (0x23, "AF_PHONET"), (0x24, "AF_IEEE802154"),
            (0x25, "AF_CAIF"), (0x26, "AF_ALG"), (0x27, "AF_NFC"), (0x28, "AF_VSOCK"), (0x29, "AF_KCM"),
            (0x2a, "AF_QIPCRTR"), (0x2b, "AF_SMC"), (0x2c, "AF_XDP"), (0x2d, "AF_MCTP"),
        ])

    static let socketType = NameTable(
        unknown: "SOCK_???", choiceMask: 0xf,
        choices: [
            (1, "SOCK_STREAM"), (2, "SOCK_DGRAM"), (3, "SOCK_RAW"), (4, "SOCK_RDM"), (5, "SOCK_SEQPACKET"),
            (6, "SOCK_DCCP"), (0xa, "SOCK_PACKET"),
        ],
        bits: [
            (0x8_0000, "SOCK_CLOEXEC"), (0x800, "SOCK_NONBLOCK"),
        ])

    static let internetProtocol = NameTable(
        unknown: "IPPROTO_???",
        choices: [
            (0, "IPPROTO_IP"), (1, "IPPROTO_ICMP"), (2, "IPPROTO_IGMP"), (4, "IPPROTO_IPIP"), (6, "IPPROTO_TCP"),
            (8, "IPPROTO_EGP"), (0xc, "IPPROTO_PUP"), (0x11, "IPPROTO_UDP"), (0x16, "IPPROTO_IDP"),
            (0x1d, "IPPROTO_TP"), (0x21, "IPPROTO_DCCP"), (0x29, "IPPROTO_IPV6"), (0x2b, "IPPROTO_ROUTING"),
            (0x2c, "IPPROTO_FRAGMENT"), (0x2e, "IPPROTO_RSVP"), (0x2f, "IPPROTO_GRE"), (0x32, "IPPROTO_ESP"),
            (0x33, "IPPROTO_AH"), (0x3a, "IPPROTO_ICMPV6"), (0x3b, "IPPROTO_NONE"), (0x3c, "IPPROTO_DSTOPTS"),
            (0x5c, "IPPROTO_MTP"), (0x5e, "IPPROTO_BEETPH"), (0x62, "IPPROTO_ENCAP"), (0x67, "IPPROTO_PIM"),
            (0x6c, "IPPROTO_COMP"), (0x73, "IPPROTO_L2TP"), (0x84, "IPPROTO_SCTP"), (0x87, "IPPROTO_MH"),
            (0x88, "IPPROTO_UDPLITE"), (0x89, "IPPROTO_MPLS"), (0x8f, "IPPROTO_ETHERNET"), (0xff, "IPPROTO_RAW"),
            (0x106, "IPPROTO_MPTCP"),
        ])

    static let netlinkProtocol = NameTable(
        unknown: "NETLINK_???",
        choices: [
            (0, "NETLINK_ROUTE"), (1, "NETLINK_UNUSED"), (2, "NETLINK_USERSOCK"), (3, "NETLINK_FIREWALL"),
            (4, "NETLINK_SOCK_DIAG"), (5, "NETLINK_NFLOG"), (6, "NETLINK_XFRM"), (7, "NETLINK_SELINUX"),
            (8, "NETLINK_ISCSI"), (9, "NETLINK_AUDIT"), (0xa, "NETLINK_FIB_LOOKUP"), (0xb, "NETLINK_CONNECTOR"),
            (0xc, "NETLINK_NETFILTER"), (0xd, "NETLINK_IP6_FW"), (0xe, "NETLINK_DNRTMSG"),
            (0xf, "NETLINK_KOBJECT_UEVENT"), (0x10, "NETLINK_GENERIC"), (0x12, "NETLINK_SCSITRANSPORT"),
            (0x13, "NETLINK_ECRYPTFS"), (0x14, "NETLINK_RDMA"), (0x15, "NETLINK_CRYPTO"), (0x16, "NETLINK_SMC"),
        ])

    static let messageFlags = NameTable(
        unknown: "MSG_???",
        bits: [
            (1, "MSG_OOB"), (2, "MSG_PEEK"), (4, "MSG_DONTROUTE"), (8, "MSG_CTRUNC"), (0x10, "MSG_PROBE"),
            (0x20, "MSG_TRUNC"), (0x40, "MSG_DONTWAIT"), (0x80, "MSG_EOR"), (0x100, "MSG_WAITALL"),
            (0x200, "MSG_FIN"), (0x400, "MSG_SYN"), (0x800, "MSG_CONFIRM"), (0x1000, "MSG_RST"),
            (0x2000, "MSG_ERRQUEUE"), (0x4000, "MSG_NOSIGNAL"), (0x8000, "MSG_MORE"), (0x1_0000, "MSG_WAITFORONE"),
            (0x2_0000, "MSG_SENDPAGE_NOTLAST"), (0x4_0000, "MSG_BATCH"), (0x8_0000, "MSG_NO_SHARED_FRAGS"),
            (0x400_0000, "MSG_ZEROCOPY"), (0x2000_0000, "MSG_FASTOPEN"), (0x4000_0000, "MSG_CMSG_CLOEXEC"),
            (0x8000_0000, "MSG_CMSG_COMPAT"),
        ])

    static let acceptFlags = NameTable(
        unknown: "SOCK_???",
        bits: [
            (0x8_0000, "SOCK_CLOEXEC"), (0x800, "SOCK_NONBLOCK"),
        ])

    static let shutdownHow = NameTable(
        unknown: "SHUT_???",
        choices: [
            (0, "SHUT_RD"), (1, "SHUT_WR"), (2, "SHUT_RDWR"),
        ])

    static let socketLevel = NameTable(
        unknown: "SOL_??",
        choices: [
            (0, "SOL_IP"), (1, "SOL_SOCKET"), (6, "SOL_TCP"), (0x11, "SOL_UDP"), (0x28, "AF_VSOCK"),
            (0x29, "SOL_IPV6"), (0x3a, "SOL_ICMPV6"), (0x64, "SOL_CAN_BASE"), (0x65, "SOL_CAN_RAW"),
            (0x84, "SOL_SCTP"), (0x88, "SOL_UDPLITE"), (0xff, "SOL_RAW"), (0x100, "SOL_IPX"), (0x101, "SOL_AX25"),
            (0x102, "SOL_ATALK"), (0x103, "SOL_NETROM"), (0x104, "SOL_ROSE"), (0x105, "SOL_DECNET"),
            (0x106, "SOL_X25"), (0x107, "SOL_PACKET"), (0x108, "SOL_ATM"), (0x109, "SOL_AAL"), (0x10a, "SOL_IRDA"),
            (0x10b, "SOL_NETBEUI"), (0x10c, "SOL_LLC"), (0x10d, "SOL_DCCP"), (0x10e, "SOL_NETLINK"),
            (0x10f, "SOL_TIPC"), (0x110, "SOL_RXRPC"), (0x111, "SOL_PPPOL2TP"), (0x112, "SOL_BLUETOOTH"),
            (0x113, "SOL_PNPIPE"), (0x114, "SOL_RDS"), (0x115, "SOL_IUCV"), (0x116, "SOL_CAIF"), (0x117, "SOL_ALG"),
            (0x118, "SOL_NFC"), (0x119, "SOL_KCM"), (0x11a, "SOL_TLS"), (0x11b, "SOL_XDP"),
        ])

    static let bySocketsFamily: [NameFamily: NameTable] = [
        .protocolFamily: protocolFamily, .socketType: socketType, .internetProtocol: internetProtocol,
        .netlinkProtocol: netlinkProtocol, .messageFlags: messageFlags, .acceptFlags: acceptFlags,
        .shutdownHow: shutdownHow, .socketLevel: socketLevel,
    ]
}
