import SyscallShapes

/// Socket options, by level.
extension NameTable {
    static let socketOption = NameTable(
        unknown: "SO_???",
        choices: [
            (1, "SO_DEBUG"), (2, "SO_REUSEADDR"), (3, "SO_TYPE"), (4, "SO_ERROR"), (5, "SO_DONTROUTE"),
            (6, "SO_BROADCAST"), (7, "SO_SNDBUF"), (8, "SO_RCVBUF"), (9, "SO_KEEPALIVE"), (0xa, "SO_OOBINLINE"),
            (0xb, "SO_NO_CHECK"), (0xc, "SO_PRIORITY"), (0xd, "SO_LINGER"), (0xe, "SO_BSDCOMPAT"),
            (0xf, "SO_REUSEPORT"), (0x10, "SO_PASSCRED"), (0x11, "SO_PEERCRED"), (0x12, "SO_RCVLOWAT"),
            (0x13, "SO_SNDLOWAT"), (0x14, "SO_RCVTIMEO_OLD"), (0x15, "SO_SNDTIMEO_OLD"),
            (0x16, "SO_SECURITY_AUTHENTICATION"), (0x17, "SO_SECURITY_ENCRYPTION_TRANSPORT"),
            (0x18, "SO_SECURITY_ENCRYPTION_NETWORK"), (0x19, "SO_BINDTODEVICE"), (0x1a, "SO_GET_FILTER"),
            (0x1b, "SO_DETACH_FILTER"), (0x1c, "SO_PEERNAME"), (0x1d, "SO_TIMESTAMP_OLD"), (0x1e, "SO_ACCEPTCONN"),
            (0x1f, "SO_PEERSEC"), (0x20, "SO_SNDBUFFORCE"), (0x21, "SO_RCVBUFFORCE"), (0x22, "SO_PASSSEC"),
            (0x23, "SO_TIMESTAMPNS_OLD"), (0x24, "SO_MARK"), (0x25, "SO_TIMESTAMPING_OLD"), (0x26, "SO_PROTOCOL"),
            (0x27, "SO_DOMAIN"), (0x28, "SO_RXQ_OVFL"), (0x29, "SO_WIFI_STATUS"), (0x2a, "SO_PEEK_OFF"),
            (0x2b, "SO_NOFCS"), (0x2c, "SO_LOCK_FILTER"), (0x2d, "SO_SELECT_ERR_QUEUE"), (0x2e, "SO_BUSY_POLL"),
            (0x2f, "SO_MAX_PACING_RATE"), (0x30, "SO_BPF_EXTENSIONS"), (0x31, "SO_INCOMING_CPU"),
            (0x32, "SO_ATTACH_BPF"), (0x33, "SO_ATTACH_REUSEPORT_CBPF"), (0x34, "SO_ATTACH_REUSEPORT_EBPF"),
            (0x35, "SO_CNX_ADVICE"), (0x37, "SO_MEMINFO"), (0x38, "SO_INCOMING_NAPI_ID"), (0x39, "SO_COOKIE"),
            (0x3b, "SO_PEERGROUPS"), (0x3c, "SO_ZEROCOPY"), (0x3d, "SO_TXTIME"), (0x3e, "SO_BINDTOIFINDEX"),
            (0x3f, "SO_TIMESTAMP_NEW"), (0x40, "SO_TIMESTAMPNS_NEW"), (0x41, "SO_TIMESTAMPING_NEW"),
            (0x42, "SO_RCVTIMEO_NEW"), (0x43, "SO_SNDTIMEO_NEW"), (0x44, "SO_DETACH_REUSEPORT_BPF"),
            (0x45, "SO_PREFER_BUSY_POLL"), (0x46, "SO_BUSY_POLL_BUDGET"), (0x47, "SO_NETNS_COOKIE"),
            (0x48, "SO_BUF_LOCK"), (0x49, "SO_RESERVE_MEM"), (0x4a, "SO_TXREHASH"), (0x4b, "SO_RCVMARK"),
        ])

    static let internetOption = NameTable(
        unknown: "IP_???",
        choices: [
            (1, "IP_TOS"), (2, "IP_TTL"), (3, "IP_HDRINCL"), (4, "IP_OPTIONS"), (5, "IP_ROUTER_ALERT"),
            (6, "IP_RECVOPTS"), (7, "IP_RETOPTS"), (8, "IP_PKTINFO"), (9, "IP_PKTOPTIONS"), (0xa, "IP_MTU_DISCOVER"),
            (0xb, "IP_RECVERR"), (0xc, "IP_RECVTTL"), (0xd, "IP_RECVTOS"), (0xe, "IP_MTU"), (0xf, "IP_FREEBIND"),
            (0x10, "IP_IPSEC_POLICY"), (0x11, "IP_XFRM_POLICY"), (0x12, "IP_PASSSEC"), (0x13, "IP_TRANSPARENT"),
            (0x14, "IP_ORIGDSTADDR"), (0x15, "IP_MINTTL"), (0x16, "IP_NODEFRAG"), (0x17, "IP_CHECKSUM"),
            (0x18, "IP_BIND_ADDRESS_NO_PORT"), (0x19, "IP_RECVFRAGSIZE"), (0x1a, "IP_RECVERR_RFC4884"),
            (0x20, "IP_MULTICAST_IF"), (0x21, "IP_MULTICAST_TTL"), (0x22, "IP_MULTICAST_LOOP"),
            (0x23, "IP_ADD_MEMBERSHIP"), (0x24, "IP_DROP_MEMBERSHIP"), (0x25, "IP_UNBLOCK_SOURCE"),
            (0x26, "IP_BLOCK_SOURCE"), (0x27, "IP_ADD_SOURCE_MEMBERSHIP"), (0x28, "IP_DROP_SOURCE_MEMBERSHIP"),
            (0x29, "IP_MSFILTER"), (0x2a, "MCAST_JOIN_GROUP"), (0x2b, "MCAST_BLOCK_SOURCE"),
            (0x2c, "MCAST_UNBLOCK_SOURCE"), (0x2d, "MCAST_LEAVE_GROUP"), (0x2e, "MCAST_JOIN_SOURCE_GROUP"),
            (0x2f, "MCAST_LEAVE_SOURCE_GROUP"), (0x30, "MCAST_MSFILTER"), (0x31, "IP_MULTICAST_ALL"),
            (0x32, "IP_UNICAST_IF"), (0x40, "IPT_SO_GET_INFO"), (0x41, "IPT_SO_GET_ENTRIES"),
            (0x42, "IPT_SO_GET_REVISION_MATCH"), (0x43, "IPT_SO_GET_REVISION_TARGET"), (0x60, "ARPT_SO_GET_INFO"),
            (0x61, "ARPT_SO_GET_ENTRIES"), (0x63, "ARPT_SO_GET_REVISION_TARGET"), (0x80, "EBT_SO_GET_INFO"),
            (0x81, "EBT_SO_GET_ENTRIES"), (0x82, "EBT_SO_GET_INIT_INFO"), (0x83, "EBT_SO_GET_INIT_ENTRIES"),
        ])

    static let internet6Option = NameTable(
        unknown: "IPV6_???",
        choices: [
            (1, "IPV6_ADDRFORM"), (2, "IPV6_2292PKTINFO"), (3, "IPV6_2292HOPOPTS"), (4, "IPV6_2292DSTOPTS"),
            (5, "IPV6_2292RTHDR"), (6, "IPV6_2292PKTOPTIONS"), (7, "IPV6_CHECKSUM"), (8, "IPV6_2292HOPLIMIT"),
            (9, "IPV6_NEXTHOP"), (0xa, "IPV6_AUTHHDR"), (0xb, "IPV6_FLOWINFO"), (0x10, "IPV6_UNICAST_HOPS"),
            (0x11, "IPV6_MULTICAST_IF"), (0x12, "IPV6_MULTICAST_HOPS"), (0x13, "IPV6_MULTICAST_LOOP"),
            (0x14, "IPV6_ADD_MEMBERSHIP"), (0x15, "IPV6_DROP_MEMBERSHIP"), (0x16, "IPV6_ROUTER_ALERT"),
            (0x17, "IPV6_MTU_DISCOVER"), (0x18, "IPV6_MTU"), (0x19, "IPV6_RECVERR"), (0x1a, "IPV6_V6ONLY"),
            (0x1b, "IPV6_JOIN_ANYCAST"), (0x1c, "IPV6_LEAVE_ANYCAST"), (0x1d, "IPV6_MULTICAST_ALL"),
            (0x1e, "IPV6_ROUTER_ALERT_ISOLATE"), (0x1f, "IPV6_RECVERR_RFC4884"), (0x20, "IPV6_FLOWLABEL_MGR"),
            (0x21, "IPV6_FLOWINFO_SEND"), (0x22, "IPV6_IPSEC_POLICY"), (0x23, "IPV6_XFRM_POLICY"),
            (0x24, "IPV6_HDRINCL"), (0x2a, "MCAST_JOIN_GROUP"), (0x2b, "MCAST_BLOCK_SOURCE"),
            (0x2c, "MCAST_UNBLOCK_SOURCE"), (0x2d, "MCAST_LEAVE_GROUP"), (0x2e, "MCAST_JOIN_SOURCE_GROUP"),
            (0x2f, "MCAST_LEAVE_SOURCE_GROUP"), (0x30, "MCAST_MSFILTER"), (0x31, "IPV6_RECVPKTINFO"),
            (0x32, "IPV6_PKTINFO"), (0x33, "IPV6_RECVHOPLIMIT"), (0x34, "IPV6_HOPLIMIT"), (0x35, "IPV6_RECVHOPOPTS"),
            (0x36, "IPV6_HOPOPTS"), (0x37, "IPV6_RTHDRDSTOPTS"), (0x38, "IPV6_RECVRTHDR"), (0x39, "IPV6_RTHDR"),
            (0x3a, "IPV6_RECVDSTOPTS"), (0x3b, "IPV6_DSTOPTS"), (0x3c, "IPV6_RECVPATHMTU"), (0x3d, "IPV6_PATHMTU"),
            (0x3e, "IPV6_DONTFRAG"), (0x3f, "IPV6_USE_MIN_MTU"), (0x40, "IP6T_SO_GET_INFO"),
            (0x41, "IP6T_SO_GET_ENTRIES"), (0x42, "IPV6_RECVTCLASS"), (0x43, "IPV6_TCLASS"),
            (0x44, "IP6T_SO_GET_REVISION_MATCH"), (0x45, "IP6T_SO_GET_REVISION_TARGET"), (0x46, "IPV6_AUTOFLOWLABEL"),
            (0x48, "IPV6_ADDR_PREFERENCES"), (0x49, "IPV6_MINHOPCOUNT"), (0x4a, "IPV6_ORIGDSTADDR"),
            (0x4b, "IPV6_TRANSPARENT"), (0x4c, "IPV6_UNICAST_IF"), (0x4d, "IPV6_RECVFRAGSIZE"),
            (0x4e, "IPV6_FREEBIND"),
        ])

    static let tcpOption = NameTable(
        unknown: "TCP_???",
        choices: [
            (1, "TCP_NODELAY"), (2, "TCP_MAXSEG"), (3, "TCP_CORK"), (4, "TCP_KEEPIDLE"), (5, "TCP_KEEPINTVL"),
            (6, "TCP_KEEPCNT"), (7, "TCP_SYNCNT"), (8, "TCP_LINGER2"), (9, "TCP_DEFER_ACCEPT"),
            (0xa, "TCP_WINDOW_CLAMP"), (0xb, "TCP_INFO"), (0xc, "TCP_QUICKACK"), (0xd, "TCP_CONGESTION"),
            (0xe, "TCP_MD5SIG"), (0xf, "TCP_COOKIE_TRANSACTIONS"), (0x10, "TCP_THIN_LINEAR_TIMEOUTS"),
            (0x11, "TCP_THIN_DUPACK"), (0x12, "TCP_USER_TIMEOUT"), (0x13, "TCP_REPAIR"), (0x14, "TCP_REPAIR_QUEUE"),
            (0x15, "TCP_QUEUE_SEQ"), (0x16, "TCP_REPAIR_OPTIONS"), (0x17, "TCP_FASTOPEN"), (0x18, "TCP_TIMESTAMP"),
            (0x19, "TCP_NOTSENT_LOWAT"), (0x1a, "TCP_CC_INFO"), (0x1b, "TCP_SAVE_SYN"), (0x1c, "TCP_SAVED_SYN"),
            (0x1d, "TCP_REPAIR_WINDOW"), (0x1e, "TCP_FASTOPEN_CONNECT"), (0x1f, "TCP_ULP"), (0x20, "TCP_MD5SIG_EXT"),
            (0x21, "TCP_FASTOPEN_KEY"), (0x22, "TCP_FASTOPEN_NO_COOKIE"), (0x23, "TCP_ZEROCOPY_RECEIVE"),
            (0x24, "TCP_INQ"), (0x25, "TCP_TX_DELAY"),
        ])

    static let netlinkOption = NameTable(
        unknown: "NETLINK_???",
        choices: [
            (1, "NETLINK_ADD_MEMBERSHIP"), (2, "NETLINK_DROP_MEMBERSHIP"), (3, "NETLINK_PKTINFO"),
            (4, "NETLINK_BROADCAST_ERROR"), (5, "NETLINK_NO_ENOBUFS"), (6, "NETLINK_RX_RING"), (7, "NETLINK_TX_RING"),
            (8, "NETLINK_LISTEN_ALL_NSID"), (9, "NETLINK_LIST_MEMBERSHIPS"), (0xa, "NETLINK_CAP_ACK"),
            (0xb, "NETLINK_EXT_ACK"), (0xc, "NETLINK_GET_STRICT_CHK"),
        ])

    static let bySocketOptionsFamily: [NameFamily: NameTable] = [
        .socketOption: socketOption, .internetOption: internetOption, .internet6Option: internet6Option,
        .tcpOption: tcpOption, .netlinkOption: netlinkOption,
    ]
}
