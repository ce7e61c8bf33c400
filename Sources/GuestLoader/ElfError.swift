/// Why a program cannot be loaded, or a new program's stack cannot be built.
///
/// The code is for callers that decide, the message for people: it names the object and, where known, the next step.
public struct ElfError: Error, Equatable, Sendable {
    /// What kind of thing went wrong.
    public let code: Code

    /// Lower case, without the file's name: whoever opened the file puts it in front.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public enum Code: String, Equatable, Sendable {
        /// The file does not start as an ELF file does; it may be a script.
        case notElf
        /// The file is not a 64-bit one.
        case wrongClass
        /// The file is for another processor.
        case wrongMachine
        /// The file's numbers are big-endian.
        case wrongByteOrder
        /// An ELF file, but an object file or a core dump.
        case notExecutable
        /// The file, or the bytes given of it, stop too early.
        case truncated
        /// The ELF header contradicts itself.
        case badHeader
        /// A program header contradicts itself or the file.
        case badSegment
        /// A segment of a program with fixed addresses is not in the guest's part of the address space.
        case segmentOutsideGuest
        /// Two segments claim the same bytes.
        case segmentsOverlap
        /// The program needs more address space than the guest has.
        case tooLarge
        /// The path of the program's interpreter (its dynamic linker) is malformed.
        case badInterpreter
        /// The first line of a script names no usable interpreter.
        case badScript
        /// The new program's arguments and environment exceed what Linux takes.
        case argumentListTooLong
        /// An argument, environment string or path that no C string can hold.
        case badArgument
    }

    /// The errno that execve(2) gives the guest for it.
    ///
    /// Where Linux finds the fault only after the old program is gone, it kills the process instead; we look first, and
    /// answer ENOEXEC.
    public var errorNumber: Int32 {
        switch code {
        case .argumentListTooLong: return 7  // E2BIG
        case .tooLarge: return 12  // ENOMEM
        case .badArgument: return 22  // EINVAL
        case .notElf, .wrongClass, .wrongMachine, .wrongByteOrder, .notExecutable, .truncated, .badHeader, .badSegment,
            .segmentOutsideGuest, .segmentsOverlap, .badInterpreter, .badScript:
            return 8  // ENOEXEC
        }
    }
}

extension ElfError: CustomStringConvertible {
    /// Code and message, for logs.
    public var description: String { "\(code.rawValue): \(message)" }
}
