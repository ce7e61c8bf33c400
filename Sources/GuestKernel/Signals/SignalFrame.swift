import Glibc
import GuestMemory

/// The kernel's struct rt_sigframe (arch/x86/include/asm/sigframe.h), by offsets: return address,
/// ucontext, siginfo. The vector state lies above it at a 64-byte boundary.
enum SignalFrame {
    static let returnAddress = 0
    static let contextFlags = 8
    static let contextLink = 16
    static let stackBase = 24
    static let stackFlags = 32
    static let stackByteCount = 40
    /// r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags: gregset_t's order.
    static let registers = 48
    static let registerCount = 18
    /// cs, gs, fs, ss: 16 bits each.
    static let selectors = 192
    static let errorCode = 200
    static let trapNumber = 208
    static let oldMask = 216
    static let faultAddress = 224
    static let vectorState = 232
    static let mask = 304
    static let info = 312
    static let byteCount = 440

    /// UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS.
    static let contextFlagsValue: UInt64 = 7
    /// UC_STRICT_RESTORE_SS.
    static let strictStackSelector: UInt64 = 4

    /// The software bytes of the vector state (struct _fpx_sw_bytes), at 464 in the legacy area.
    static let softwareBytes = 464
    static let magicStart: UInt32 = 0x4650_5853
    static let magicEnd: UInt32 = 0x4650_5845

    static let codeSelector: UInt64 = 0x33
    static let stackSelector: UInt64 = 0x2b
}
