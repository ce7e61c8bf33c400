import ArgumentParser
import GuestKernel
import Supervisor

/// What every command takes that runs a guest.
struct GuestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How syscalls are caught: auto, inclusive, selector or seccomp.", valueName: "method"),
        transform: DispatchChoice.init(parsing:))
    var dispatch = DispatchChoice.automatic

    @Flag(help: "Leave every call site as it is: every syscall comes by way of a signal.")
    var noRewrite = false

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp(
            "Read variables of the guest's environment from a file, one a line (repeatable).", valueName: "file"))
    var environmentFiles: [String] = []

    @Option(help: ArgumentHelp("Write the process's id to a file before the guest starts.", valueName: "file"))
    var pidFile: String?

    @Option(help: ArgumentHelp("Write a report as JSON when the guest has ended.", valueName: "file"))
    var report: String?

    @Option(
        help: ArgumentHelp("How Understudy's own messages look on stderr: text or json.", valueName: "format"),
        transform: MessageLog.Format.init(option:))
    var logFormat = MessageLog.Format.text

    /// The request for a program, given as the last words of the command line.
    func request(for words: [[UInt8]]) -> RunRequest {
        var request = RunRequest(program: words[0], arguments: Array(words.dropFirst()))
        request.dispatch = dispatch.method
        request.rewrites = !noRewrite
        request.environmentFiles = environmentFiles
        request.pidFile = pidFile
        request.reportFile = report
        request.messages = MessageLog(format: logFormat)
        return request
    }

    /// Refuses assignments that are none.
    static func validate(environment changes: [String]) throws {
        for change in changes {
            if let problem = GuestEnvironment.problem(with: Array(change.utf8)) {
                throw ValidationError("--env \(change): \(problem)")
            }
        }
    }
}

extension MessageLog.Format {
    /// `--log-format`.
    init(option text: String) throws {
        guard let format = MessageLog.Format(rawValue: text) else { throw ValidationError("use text or json") }
        self = format
    }
}

/// `--dispatch`.
enum DispatchChoice: Sendable {
    case automatic
    case exactly(DispatchMethod)

    init(parsing text: String) throws {
        if text == "auto" {
            self = .automatic
        } else if let method = DispatchMethod(name: text) {
            self = .exactly(method)
        } else {
            throw ValidationError("use auto, inclusive, selector or seccomp")
        }
    }

    /// Nil chooses the best that the kernel has.
    var method: DispatchMethod? {
        switch self {
        case .automatic: return nil
        case .exactly(let method): return method
        }
    }
}
