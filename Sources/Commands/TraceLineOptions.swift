import ArgumentParser
import Tracing

/// Where `trace` writes, and how.
struct TraceLineOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], parsing: .unconditional,
        help: ArgumentHelp(
            "Write to a file in place of stderr, or to a command: '|command' or '!command'.", valueName: "file"))
    var output: String?

    @Flag(name: .customShort("A"), help: "Append to that file.")
    var append = false

    @Flag(help: "Write JSON lines; with -c one JSON object.")
    var json = false

    @Flag(name: .customShort("t"), help: "Start lines with the time; -tt: with microseconds; -ttt: since the epoch.")
    var timestamps: Int

    @Flag(name: .customShort("r"), help: "Start lines with the time since the line before.")
    var relativeTimes = false

    @Flag(name: .customShort("T"), help: "End lines with the time in the call.")
    var durations = false

    @Option(
        name: [.customShort("s"), .customLong("string-limit")], parsing: .unconditional,
        help: ArgumentHelp("Show so many bytes of strings (default: 32).", valueName: "bytes"),
        transform: TraceLineOptions.number(in: LineOptions.stringByteCounts))
    var stringLimit: Int?

    @Flag(name: .customShort("x"), help: "Strings that are not ASCII in hexadecimal; -xx: all strings.")
    var hexadecimal: Int

    @Flag(name: .customShort("y"), help: "Show descriptors' paths; -yy: also addresses and the like.")
    var descriptors: Int

    @Flag(name: .customShort("n"), help: "Show syscalls' numbers.")
    var numbers = false

    @Flag(name: .customShort("k"), help: "Show the guest's stack behind each call.")
    var stacks = false

    @Flag(name: .customShort("v"), help: "Show structures in full.")
    var verbose = false

    @Option(
        name: [.customShort("a"), .customLong("columns")], parsing: .unconditional,
        help: ArgumentHelp("The column of results (default: 40).", valueName: "column"),
        transform: TraceLineOptions.number(in: LineOptions.resultColumns))
    var column: Int?

    func lineOptions() -> LineOptions {
        var options = LineOptions()
        options.timestamps = LineOptions.Timestamps(rawValue: min(timestamps, 3)) ?? .none
        options.showsRelativeTimes = relativeTimes
        options.showsDurations = durations
        options.stringByteCountMax = stringLimit ?? options.stringByteCountMax
        options.hexadecimalStrings = LineOptions.HexadecimalStrings(rawValue: min(hexadecimal, 2)) ?? .none
        options.descriptorDetail = LineOptions.DescriptorDetail(rawValue: min(descriptors, 2)) ?? .none
        options.showsNumbers = numbers
        options.showsStacks = stacks
        options.resultColumn = column ?? options.resultColumn
        if verbose { options.abbreviated = .none }
        return options
    }

    func traceOutput() throws -> TraceOutput {
        guard let output else { return .standardError }
        return try asValidationError { () throws(TraceOptionError) in
            try TraceOutput(parsing: output, isAppended: append)
        }
    }

    private static func number(in range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            let isNumber = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
            guard isNumber, let number = Int(text), range.contains(number) else {
                throw ValidationError("use a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }
}
