import ArgumentParser
import Supervisor
import Tracing

/// `understudy trace`: a guest whose syscalls are shown, with strace's options.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Run a program as a guest and show its syscalls, as strace does.",
        usage: "understudy trace [options] [--] PROGRAM [ARG...]",
        discussion: """
            Options are strace's, with strace's meaning; short ones may be joined (-ttT, -fs100), and strace's long \
            names are known as well. All threads are followed. Times are always wall clock time. Exit statuses and \
            signals are as for run.
            """)

    @OptionGroup(title: "What is traced") var filter: TraceFilterOptions
    @OptionGroup(title: "How it is shown") var lines: TraceLineOptions
    @OptionGroup(title: "Counting") var summary: TraceSummaryOptions
    @OptionGroup(title: "The guest") var guest: GuestOptions

    @Option(
        name: [.customShort("E"), .customLong("env")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Set a variable of the guest's environment, or take it away (repeatable).", valueName: "name[=value]"))
    var environmentChanges: [String] = []

    @Option(
        name: .customLong("workdir"), help: ArgumentHelp("Start the guest in this directory.", valueName: "directory"))
    var workingDirectory: String?

    @Argument(
        help: ArgumentHelp("The program; looked up in the guest's PATH unless it has a slash.", valueName: "PROGRAM"))
    var program: String

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The program's own arguments.", valueName: "ARG"))
    var arguments: [String] = []

    /// Parses the words behind `trace`. Those behind PROGRAM are not given to the parser: it has no business with them.
    static func parse(
        _ words: [String], with parser: ([String]) throws -> any ParsableCommand
    ) throws -> any ParsableCommand {
        let split = try asValidationError { () throws(TraceOptionError) in try StraceWords(words) }
        let name = configuration.commandName ?? ""
        let parsed = try parser([name] + split.options + (split.program.isEmpty ? [] : ["--", split.program[0]]))
        guard var command = parsed as? TraceCommand else { return parsed }
        command.arguments = Array(split.program.dropFirst())
        return command
    }

    func validate() throws {
        try GuestOptions.validate(environment: environmentChanges)
        _ = try traceRequest()
    }

    func run() throws {
        let trace = try traceRequest()
        var request = runRequest()
        if !trace.quiet.contains(.pathResolution) {
            for note in trace.paths.notes { request.messages.say(.info, note) }
        }
        request.trace = trace.setup
        GuestRun.run(request)
    }

    /// What the options ask for.
    func traceRequest() throws -> TraceRequest {
        var request = TraceRequest()
        request.lines = lines.lineOptions()
        request.output = try lines.traceOutput()
        request.isJSON = lines.json
        request.summary = try summary.summaryRequest()
        try filter.apply(to: &request)
        return request
    }

    /// What runs the guest.
    func runRequest() -> RunRequest {
        var request = guest.request(for: RawArguments.tail(matching: [program] + arguments))
        request.workingDirectory = workingDirectory
        request.environmentChanges = environmentChanges.map { Array($0.utf8) }
        request.isNamedVariableRemoved = true
        return request
    }
}

/// What is wrong with an option, as the parser says it.
func asValidationError<Result>(_ body: () throws(TraceOptionError) -> Result) throws -> Result {
    do {
        return try body()
    } catch {
        throw ValidationError(error.message)
    }
}
