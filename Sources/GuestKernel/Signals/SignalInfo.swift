import Glibc

/// What a signal says about itself: siginfo_t without its padding (asm-generic/siginfo.h).
/// `fields` are the bytes from offset 16 on.
public struct SignalInfo: Sendable, BitwiseCopyable, Equatable {
    public var signal: Int32
    public var errno: Int32 = 0
    public var code: Int32
    var padding: Int32 = 0
    /// Offsets 16, 24, 32, 40 of siginfo_t.
    public var field0: UInt64 = 0
    public var field1: UInt64 = 0
    public var field2: UInt64 = 0
    public var field3: UInt64 = 0

    init(signal: Int32, code: Int32) {
        self.signal = signal
        self.code = code
    }

    /// kill(2), tgkill(2): who sent it.
    static func sent(signal: Int32, code: Int32, pid: Int32, uid: UInt32) -> SignalInfo {
        var info = SignalInfo(signal: signal, code: code)
        info.field0 = UInt64(UInt32(bitPattern: pid)) | UInt64(uid) << 32
        return info
    }

    static func fault(signal: Int32, code: Int32, address: UInt64) -> SignalInfo {
        var info = SignalInfo(signal: signal, code: code)
        info.field0 = address
        return info
    }

    /// As signalfd(2) tells of a signal from outside; `value` is sigqueue(3)'s.
    static func outside(signal: Int32, code: Int32, pid: Int32, uid: UInt32, value: UInt64) -> SignalInfo {
        var info = sent(signal: signal, code: code, pid: pid, uid: uid)
        info.field1 = value
        return info
    }

    /// From the kernel itself, without particulars.
    static func fromKernel(signal: Int32) -> SignalInfo {
        SignalInfo(signal: signal, code: siKernel)
    }

    /// How a descriptor's event is called under `signal`: signals whose codes mean something else already get SI_SIGIO
    /// (send_sigio_to_task in fs/fcntl.c).
    static func descriptorCode(_ code: Int32, signal: Int32) -> Int32 {
        [SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP, SIGCHLD, SIGSYS].contains(signal) ? siSignalIO : code
    }

    static let siSignalIO: Int32 = -5

    /// A POSIX timer's expiry.
    static func timer(signal: Int32, identity: Int32, overrun: Int32, value: UInt64) -> SignalInfo {
        var info = SignalInfo(signal: signal, code: -2)  // SI_TIMER
        info.field0 = UInt64(UInt32(bitPattern: identity)) | UInt64(UInt32(bitPattern: overrun)) << 32
        info.field1 = value
        return info
    }

    /// The 128 bytes that the guest sees.
    static let byteCount = 128
}
