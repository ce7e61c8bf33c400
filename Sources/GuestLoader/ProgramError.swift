import Glibc

/// Why a program cannot be run, with what the shell's exit codes tell apart.
public struct ProgramError: Error, Sendable {
    public enum Code: Sendable {
        /// 127: there is no such program.
        case notFound
        /// 126: it is there, but cannot be run.
        case notRunnable
        /// 125: the supervisor could not make room for it.
        case noRoom

        fileprivate var errno: Int32 {
            switch self {
            case .notFound: return ENOENT
            case .notRunnable: return ENOEXEC
            case .noRoom: return ENOMEM
            }
        }
    }

    public let code: Code
    /// Lower case, names the file.
    public let message: String
    /// What execve(2) says of it.
    public let errno: Int32

    public init(_ code: Code, _ message: String, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.errno = errno ?? code.errno
    }
}
