import GuestLoader

/// Why Understudy ends without having run a guest to its end; decides the exit status.
public struct SupervisorError: Error, Sendable {
    /// The exit statuses of docs/cli: what shells, env(1) and docker use them for.
    public enum Code: Int32, Sendable {
        /// Bad usage (EX_USAGE of sysexits.h).
        case usage = 64
        /// Understudy itself failed.
        case failed = 125
        /// The program is there, but cannot be run.
        case notRunnable = 126
        /// There is no such program.
        case notFound = 127
    }

    public let code: Code
    /// Lower case; names the object and, where known, the next step.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: ProgramError) {
        switch error.code {
        case .notFound: code = .notFound
        case .notRunnable: code = .notRunnable
        case .noRoom: code = .failed
        }
        message = error.message
    }
}
