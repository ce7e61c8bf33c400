/// A register of the guest's by its number in unwind tables (System V ABI for AMD64, figure 3.36).
public enum RegisterNumber: Int, Sendable {
    case rax = 0
    case rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
    /// "Return address": in a frame's own registers the place that it is at.
    case rip

    /// Vector and segment registers have numbers behind these; they take no part in finding a caller.
    static let count = 17
}
