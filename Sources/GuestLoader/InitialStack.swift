import GuestMemory

/// The top of a new program's stack, as execve(2) leaves it.
///
/// From the highest address down, just as Linux has it (fs/exec.c for the strings, create_elf_tables in
/// fs/binfmt_elf.c for the rest), but without the random distance in the middle: both sides of a takeover must agree,
/// and a run must be repeatable.
///
///     stackTop ─▶ 8 zero bytes
///                 path of the executable
///                 environment strings, the first one lowest
///                 argument strings, the first one lowest
///                 0 to 15 bytes of padding
///                 "x86_64"
///                 16 random bytes
///                 0 to 15 bytes of padding
///                 auxiliary vector, closed by AT_NULL
///                 environment pointers, closed by 0
///                 argument pointers, closed by 0
///     rsp ──────▶ number of arguments; 16-byte aligned
public struct InitialStack: Equatable, Sendable {
    /// What goes from `stackPointer` up to the top of the stack.
    public let bytes: [UInt8]

    /// The new program's first rsp; a multiple of 16.
    public let stackPointer: UInt64

    /// Where the argument strings are: arg_start and arg_end of proc_pid_stat(5), and /proc/self/cmdline's content.
    public let argumentStrings: AddressRange

    /// Where the environment strings are: env_start and env_end, and /proc/self/environ's content.
    public let environmentStrings: AddressRange

    /// Where the auxiliary vector is, its AT_NULL included: /proc/self/auxv's content.
    public let auxiliaryVector: AddressRange

    /// What a program is started with.
    public struct Contents: Equatable, Sendable {
        /// argv; an empty list is turned into one empty string, as Linux does since 5.18.
        public var arguments: [[UInt8]]

        /// envp, "name=value" each.
        public var environment: [[UInt8]]

        /// The path that execve(2) was given: AT_EXECFN. For a script it is the script's.
        public var executablePath: [UInt8]

        /// AT_RANDOM's 16 bytes. The mirror needs the same, so they are not made up here.
        public var randomBytes: [UInt8]

        /// The entries, without AT_NULL.
        public var auxiliaryVector: AuxiliaryVector

        public init(
            arguments: [[UInt8]], environment: [[UInt8]], executablePath: [UInt8], randomBytes: [UInt8],
            auxiliaryVector: AuxiliaryVector
        ) {
            self.arguments = arguments
            self.environment = environment
            self.executablePath = executablePath
            self.randomBytes = randomBytes
            self.auxiliaryVector = auxiliaryVector
        }
    }

    /// Lays the stack out.
    ///
    /// - Parameters:
    ///   - contents: what the program is started with; all strings without their NUL.
    ///   - stackTop: the end of the stack's area.
    ///   - stackByteLimit: the soft RLIMIT_STACK in bytes, `UInt64.max` for none: a quarter of it may be strings.
    /// - Precondition: `stackTop` is page aligned, and there are 16 random bytes.
    /// - Throws: `argumentListTooLong` past Linux's limits, `badArgument` for a string with a zero byte in it.
    public init(_ contents: Contents, stackTop: UInt64, stackByteLimit: UInt64) throws(ElfError) {
        precondition(isPageAligned(stackTop), "stack top \(hexadecimal(stackTop)) is not page aligned")
        precondition(contents.randomBytes.count == 16, "AT_RANDOM takes 16 bytes, not \(contents.randomBytes.count)")
        var contents = contents
        if contents.arguments.isEmpty { contents.arguments = [[]] }
        try contents.check(stackByteLimit: stackByteLimit)
        guard let layout = Layout(contents, stackTop: stackTop) else {
            throw ElfError(
                .argumentListTooLong,
                "arguments and environment do not fit below the stack's top \(hexadecimal(stackTop)); give fewer")
        }
        stackPointer = layout.stackPointer
        argumentStrings = AddressRange(start: layout.arguments, end: layout.environment)
        environmentStrings = AddressRange(start: layout.environment, end: layout.executablePath)
        auxiliaryVector = AddressRange(
            start: layout.auxiliaryVector, count: Layout.auxiliaryVectorByteCount(contents.auxiliaryVector))
        bytes = layout.fill(with: contents)
    }

    /// AT_PLATFORM: the machine's name (ELF_PLATFORM in arch/x86/include/asm/elf.h), with its NUL.
    static let platform = [UInt8]("x86_64".utf8) + [0]
}
