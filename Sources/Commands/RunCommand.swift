import ArgumentParser
import GuestKernel
import Supervisor
import Tracing

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

    @OptionGroup var guest: GuestOptions

    @Option(
        name: [.short, .customLong("env")],
        help: ArgumentHelp("Set a variable of the guest's environment (repeatable).", valueName: "name=value"))
    var environmentChanges: [String] = []

    @Option(
        name: [.customShort("w"), .customLong("workdir")],
        help: ArgumentHelp("Start the guest in this directory.", valueName: "directory"))
    var workingDirectory: String?

    @Option(
        help: ArgumentHelp("Trace the guest's syscalls to a file, as trace -f -ttt -T does.", valueName: "file"),
        transform: RunCommand.traceFile(parsing:))
    var trace: TraceRequest?

    @Flag(help: "Write the trace as JSON lines.")
    var traceJson = false

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
        try GuestOptions.validate(environment: environmentChanges)
        if traceJson, trace == nil { throw ValidationError("--trace-json is about --trace: add it") }
    }

    /// What `--trace` asks for; nil without it.
    var traceRequest: TraceRequest? {
        var request = trace
        request?.isJSON = traceJson
        return request
    }

    func run() {
        var request = guest.request(for: RawArguments.tail(matching: [program] + arguments))
        request.rewritesAfter = testRewriteAfter
        request.environmentChanges = environmentChanges.map { Array($0.utf8) }
        request.workingDirectory = workingDirectory
        request.testStops = testStops
        request.replication = replication.request
        request.replication?.volumes = files.places
        request.replication?.isDurable = files.durable
        request.replication?.localVolumeRoot = files.volumeRoot
        request.replication?.writableExceptions = files.allowUnreplicatedWrites
        request.replication?.testFault = testFault
        request.testCommits = testCommits
        request.trace = traceRequest?.setup
        GuestRun.run(request)
    }

    private static func traceFile(parsing text: String) throws -> TraceRequest {
        try asValidationError { () throws(TraceOptionError) in try TraceRequest(file: text, isJSON: false) }
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
