import ArgumentParser
import GuestKernel
import Supervisor

/// `understudy run`: a guest, alone or with a mirror.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run an unmodified program as a guest.",
        usage: "understudy run [options] [--] PROGRAM [ARG...]",
        discussion: """
            The guest has the standard input, output and error of this command, and this command ends as the guest \
            does: with its exit status, or by the signal that ended it. 125 says that Understudy failed, 126 that \
            PROGRAM cannot be run, 127 that it was not found, 64 that this command line is wrong.

            Signals go to the guest. Three interrupts within five seconds end Understudy itself.
            """)

    @Option(
        help: ArgumentHelp("How syscalls are caught: auto, inclusive, selector or seccomp.", valueName: "method"),
        transform: DispatchChoice.init(parsing:))
    var dispatch = DispatchChoice.automatic

    @Flag(help: "Leave every call site as it is: every syscall comes by way of a signal.")
    var noRewrite = false

    @Option(
        name: [.short, .customLong("env")],
        help: ArgumentHelp("Set a variable of the guest's environment (repeatable).", valueName: "name=value"))
    var environmentChanges: [String] = []

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp("Read such variables from a file, one a line (repeatable).", valueName: "file"))
    var environmentFiles: [String] = []

    @Option(
        name: [.customShort("w"), .customLong("workdir")],
        help: ArgumentHelp("Start the guest in this directory.", valueName: "directory"))
    var workingDirectory: String?

    @Option(help: ArgumentHelp("Write the process's id to a file before the guest starts.", valueName: "file"))
    var pidFile: String?

    @Option(help: ArgumentHelp("Write a report as JSON when the guest has ended.", valueName: "file"))
    var report: String?

    @Option(
        help: ArgumentHelp("How Understudy's own messages look on stderr: text or json.", valueName: "format"),
        transform: MessageLog.Format.init(option:))
    var logFormat = MessageLog.Format.text

    @OptionGroup var replication: ReplicationOptions
    @OptionGroup var files: VolumeOptions

    @Option(
        help: ArgumentHelp(
            "Stop and resume the whole guest at random moments, so many times a second.", valueName: "seed[:rate]",
            visibility: .hidden),
        transform: testStops(parsing:))
    var testStops: TestStops?

    @Option(
        help: ArgumentHelp(
            "Rewrite a call site after so many calls.", valueName: "calls", visibility: .hidden))
    var testRewriteAfter: UInt32?

    @Option(
        help: ArgumentHelp(
            "Hold all output and let it go at random moments, as if there were a mirror, which may get lost.",
            valueName: "seed[:milliseconds]", visibility: .hidden),
        transform: testCommits(parsing:))
    var testCommits: TestCommits?

    @Option(
        help: ArgumentHelp(
            "Have the primary die at a point, the nth time that it comes by.", valueName: "name[:n]",
            visibility: .hidden),
        transform: testFault(parsing:))
    var testFault: TestFault?

    @Argument(
        help: ArgumentHelp("The program; looked up in the guest's PATH unless it has a slash.", valueName: "PROGRAM"))
    var program: String

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The program's own arguments.", valueName: "ARG"))
    var arguments: [String] = []

    func validate() throws {
        try files.validate(beside: replication)
        for change in environmentChanges {
            if let problem = GuestEnvironment.problem(with: Array(change.utf8)) {
                throw ValidationError("--env \(change): \(problem)")
            }
        }
    }

    func run() {
        let words = RawArguments.tail(matching: [program] + arguments)
        var request = RunRequest(program: words[0], arguments: Array(words.dropFirst()))
        request.dispatch = dispatch.method
        request.rewrites = !noRewrite
        request.rewritesAfter = testRewriteAfter
        request.environmentFiles = environmentFiles
        request.environmentChanges = environmentChanges.map { Array($0.utf8) }
        request.workingDirectory = workingDirectory
        request.pidFile = pidFile
        request.reportFile = report
        request.messages = MessageLog(format: logFormat)
        request.testStops = testStops
        request.replication = replication.request
        request.replication?.volumes = files.places
        request.replication?.isDurable = files.durable
        request.replication?.localVolumeRoot = files.volumeRoot
        request.replication?.writableExceptions = files.allowUnreplicatedWrites
        request.replication?.testFault = testFault
        request.testCommits = testCommits
        GuestRun.run(request)
    }

    private static func testStops(parsing text: String) throws -> TestStops {
        guard let stops = TestStops(parsing: text) else {
            throw ValidationError("use a seed, or a seed and stops a second up to \(TestStops.rateMax): 42:5000")
        }
        return stops
    }

    private static func testFault(parsing text: String) throws -> TestFault {
        guard let fault = TestFault(parsing: text) else {
            throw ValidationError("use one of \(TestFault.names.joined(separator: ", ")), and a number: frame:100")
        }
        return fault
    }

    private static func testCommits(parsing text: String) throws -> TestCommits {
        guard let commits = TestCommits(parsing: text) else {
            throw ValidationError("use a seed, or a seed and after how many milliseconds the mirror is lost: 42:100")
        }
        return commits
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
