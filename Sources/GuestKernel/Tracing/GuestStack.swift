import CGuestEntry
import GuestMemory
import Unwinding

/// Where a guest's thread has come from to the call that it makes: its frames, written as records for another process
/// to print (``StackRecord``, ``StackText``).
///
/// Used on the thread that it is about, or while that thread is stopped. Whoever asks at each call keeps it: what is
/// found out about the guest's modules is not looked for again.
public struct GuestStack: Sendable {
    private var walker = StackWalker()

    public init() {}

    /// Writes the frames, the innermost first, as far as there is room for whole ones: the bytes that were written.
    public mutating func write(_ thread: GuestThread, to buffer: UnsafeMutableRawBufferPointer) -> Int {
        var surroundings = GuestSurroundings(thread.kernel.memory)
        var byteCount = 0
        walker.walk(FrameRegisters(thread.context.pointee), in: &surroundings) { frame, code, surroundings in
            var path = surroundings.path(of: code)
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[byteCount...])
            let written = path.withUTF8 { path in
                StackRecord.write(
                    frame, fileOffset: code.fileOffset(of: frame.address), path: UnsafeRawBufferPointer(path), to: room)
            }
            guard let written else { return false }
            byteCount += written
            return true
        }
        return byteCount
    }
}

extension FrameRegisters {
    init(_ context: guest_context) {
        self.init()
        self[.rax] = context.rax
        self[.rdx] = context.rdx
        self[.rcx] = context.rcx
        self[.rbx] = context.rbx
        self[.rsi] = context.rsi
        self[.rdi] = context.rdi
        self[.rbp] = context.rbp
        self[.rsp] = context.rsp
        self[.r8] = context.r8
        self[.r9] = context.r9
        self[.r10] = context.r10
        self[.r11] = context.r11
        self[.r12] = context.r12
        self[.r13] = context.r13
        self[.r14] = context.r14
        self[.r15] = context.r15
        self[.rip] = context.rip
    }
}
