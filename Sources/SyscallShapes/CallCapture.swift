/// Captures what decoding a call needs of guest memory: what it reads before the call, what it wrote after it.
public enum CallCapture {
    /// Before the call. `shape` is the resolved one.
    @inlinable
    public static func entry<Source: CaptureSource>(
        _ shape: CallShape, _ arguments: SyscallArguments, _ limits: CaptureLimits, _ memory: Source,
        _ writer: inout SnippetWriter
    ) {
        guard shape.isCapturedAtEntry else { return }
        let walk = CaptureWalk(arguments: arguments, result: 0, limits: limits, memory: memory)
        for index in 0..<shape.count {
            let address = arguments[index]
            switch shape.kinds[index] {
            case .path, .linkPath: writer.captureString(address, CaptureWalk<Source>.pathByteCountMax, memory)
            case .string: writer.captureString(address, limits.stringByteCount + 1, memory)
            case .input(let content, let extent): walk.capture(content, address, extent, &writer)
            case .update(let content, let extent): walk.capture(content, address, extent, &writer)
            case .output(let content, let extent) where content.isNested:
                walk.captureOutline(content, address, extent, &writer)
            default: break
            }
        }
    }

    /// Before rt_sigreturn, whose argument is what lies on the stack: the mask that it puts in force.
    @inlinable
    public static func signalReturn<Source: CaptureSource>(
        stackPointer: UInt64, _ memory: Source, _ writer: inout SnippetWriter
    ) {
        // uc_sigmask's place in a ucontext (asm-generic/ucontext.h).
        let place = stackPointer &+ 296
        withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { mask in
            guard memory.copy(from: place, into: mask) == mask.count else { return }
            writer.append(.signalMask, 0, UnsafeRawBufferPointer(mask))
        }
    }

    /// After the call. What a call that failed was to write is left out, as it is not shown.
    @inlinable
    public static func exit<Source: CaptureSource>(
        _ shape: CallShape, _ arguments: SyscallArguments, _ result: Int, _ limits: CaptureLimits, _ memory: Source,
        _ writer: inout SnippetWriter
    ) {
        guard shape.isCapturedAtExit else { return }
        let isFailed = result < 0 && result >= -4095
        let walk = CaptureWalk(arguments: arguments, result: result, limits: limits, memory: memory)
        for index in 0..<shape.count {
            switch shape.kinds[index] {
            case .output(let content, let extent), .update(let content, let extent):
                if isFailed, extent != .interrupted { break }
                walk.capture(content, arguments[index], extent, &writer)
            default: break
            }
        }
    }
}
