/// Why a program cannot be run, with what the shell's exit codes tell apart.
public struct ProgramError: Error, Sendable {
    public enum Code: Sendable {
        /// 127: there is no such program.
        case notFound
        /// 126: it is there, but cannot be run.
        case notRunnable
        /// 125: the supervisor could not make room for it.
        case noRoom
    }

    public let code: Code
    /// Lower case, names the file.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
