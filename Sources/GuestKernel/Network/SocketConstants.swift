/// What a socket's type may carry, and what it may be (linux/net.h; enums there, so not visible to Swift as numbers).
enum SocketType {
    static let stream: Int32 = 1
    static let datagram: Int32 = 2
    static let raw: Int32 = 3
    static let sequentialPackets: Int32 = 5
    static let mask: Int32 = 0xf
}

/// The flags of send and receive calls (linux/socket.h).
enum MessageFlag {
    static let outOfBand: Int32 = 0x1
    static let peek: Int32 = 0x2
    static let controlTruncated: Int32 = 0x8
    static let truncated: Int32 = 0x20
    static let dontWait: Int32 = 0x40
    static let waitAll: Int32 = 0x100
    static let errorQueue: Int32 = 0x2000
    static let noSignal: Int32 = 0x4000
    /// recvmmsg: as dontWait once a message is there.
    static let waitForOne: Int32 = 0x10000
    static let fastOpen: Int32 = 0x2000_0000
    static let closeOnExec: Int32 = 0x4000_0000

    /// A receive with one of these never waits: the kernel looks once at what they are about.
    static let neverWaits = dontWait | errorQueue | outOfBand
}

/// Where a message call's parts lie in its thread's scratch memory. I/O vectors come first (IOVectors.load).
enum MessageScratch {
    static let control = 16 << 10
    /// More control data than this is ENOBUFS when sent, as above net.core.optmem_max, and cut when received.
    static let controlByteCountMax = 32 << 10
    static let address = control + controlByteCountMax
    /// sizeof(struct sockaddr_storage).
    static let addressByteCountMax = 128
    static let header = address + addressByteCountMax
}
