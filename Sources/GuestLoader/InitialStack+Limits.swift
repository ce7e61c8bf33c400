extension InitialStack {
    /// Most bytes of one string, its NUL among them: MAX_ARG_STRLEN (linux/binfmts.h).
    public static let stringByteCountMax: UInt64 = 131_072

    /// Bytes of strings and pointers that Linux takes at any stack limit: ARG_MAX (linux/limits.h).
    public static let contentByteCountMin: UInt64 = 131_072

    /// Most bytes of strings and pointers at any stack limit: 3/4 of _STK_LIM (bprm_stack_limits in fs/exec.c).
    public static let contentByteCountMax: UInt64 = 6 << 20

    /// Most bytes that arguments, environment, the executable's path and the pointers to the first two may take.
    ///
    /// - Parameter stackByteLimit: the soft RLIMIT_STACK, `UInt64.max` for none.
    public static func contentByteLimit(stackByteLimit: UInt64) -> UInt64 {
        max(contentByteCountMin, min(contentByteCountMax, stackByteLimit / 4))
    }
}

extension InitialStack.Contents {
    /// Checks every string, and all of them together (bprm_stack_limits and copy_strings in fs/exec.c).
    func check(stackByteLimit: UInt64) throws(ElfError) {
        let limit = InitialStack.contentByteLimit(stackByteLimit: stackByteLimit)
        // One after the other, so that the sum cannot wrap and a hopeless list is not read to its end.
        var total = UInt64(arguments.count + environment.count) * 8
        for (index, string) in arguments.enumerated() {
            total += try Self.checkedByteCount(string, "argument \(index)")
            if total > limit { throw Self.tooLong(limit: limit) }
        }
        for (index, string) in environment.enumerated() {
            total += try Self.checkedByteCount(string, "environment string \(index)")
            if total > limit { throw Self.tooLong(limit: limit) }
        }
        total += try Self.checkedByteCount(executablePath, "path of the executable")
        if total > limit { throw Self.tooLong(limit: limit) }
    }

    /// Bytes of a string with its NUL.
    private static func checkedByteCount(_ string: [UInt8], _ name: String) throws(ElfError) -> UInt64 {
        let byteCount = UInt64(string.count) + 1
        if byteCount > InitialStack.stringByteCountMax {
            throw ElfError(
                .argumentListTooLong,
                "\(name) has \(byteCount) bytes, more than the \(InitialStack.stringByteCountMax) of one string;"
                    + " pass it in a file")
        }
        if let offset = string.firstIndex(of: 0) {
            throw ElfError(.badArgument, "\(name) has a zero byte at offset \(offset); take it out")
        }
        return byteCount
    }

    private static func tooLong(limit: UInt64) -> ElfError {
        ElfError(
            .argumentListTooLong,
            "arguments and environment take more than \(limit) bytes; pass fewer, or raise the stack limit (ulimit -s)")
    }
}
