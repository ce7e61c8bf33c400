import ArgumentParser
import Glibc
import Tracing

/// Which calls `trace` shows, and what it does to them.
struct TraceFilterOptions: ParsableArguments {
    @Option(
        name: [.customShort("e"), .customLong("expression")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            [trace=]SET, status=SET, signal=SET, quiet=SET, inject=SET:…, fault=SET:…, abbrev=SET, verbose=SET or \
            raw=SET, as for strace (repeatable; also as --trace=SET and so on).
            """, valueName: "expression"))
    var expressions: [String] = []

    @Flag(name: .customShort("f"), help: "Follow threads: always on.")
    var followsThreads = false

    @Flag(name: .customShort("z"), help: "Only calls that succeeded.")
    var successfulOnly = false

    @Flag(name: .customShort("Z"), help: "Only calls that failed.")
    var failedOnly = false

    @Option(
        name: [.customShort("P"), .customLong("trace-path")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Only calls that have to do with this path (repeatable).", valueName: "path"))
    var paths: [String] = []

    @Option(
        help: ArgumentHelp("Only calls that took longer: 5us, 10ms, 1s.", valueName: "duration"),
        transform: DurationOption.init(parsing:))
    var slowerThan: DurationOption?

    @Flag(name: .customShort("q"), help: "Fewer messages about threads; twice: nor about exits; three times: none.")
    var quiet: Int

    @Flag(help: "When the trace cannot be written fast enough leave calls out, and count them, instead of waiting.")
    var drop = false

    @Option(
        help: ArgumentHelp("Memory for the trace of each thread: 64K to 1G.", valueName: "size"),
        transform: TraceFilterOptions.buffer(parsing:))
    var buffer: SizeOption?

    private static let bufferByteCounts = 64 << 10...1 << 30

    func apply(to request: inout TraceRequest) throws {
        for expression in expressions {
            try asValidationError { () throws(TraceOptionError) in try request.apply(expression: expression) }
        }
        try applyStatus(to: &request)
        if quiet > 0 {
            if !request.quiet.isEmpty { throw ValidationError("-q and -e quiet= exclude each other: use one") }
            request.quiet = QuietSelection(count: quiet)
        }
        for path in paths { request.paths.add(Array(path.utf8), resolved: TraceFilterOptions.resolved(path)) }
        request.slowerThanNanoseconds = slowerThan?.nanoseconds
        request.dropsRecords = drop
        request.bufferByteCount = buffer?.byteCount
    }

    private func applyStatus(to request: inout TraceRequest) throws {
        let isGiven = request.statuses != .everything
        if [successfulOnly, failedOnly, isGiven].filter({ $0 }).count > 1 {
            throw ValidationError("-z, -Z and -e status= exclude each other: use one")
        }
        if successfulOnly { request.statuses = .successful }
        if failedOnly { request.statuses = .failed }
    }

    private static func resolved(_ path: String) -> [UInt8]? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
    }

    private static func buffer(parsing text: String) throws -> SizeOption {
        let size = try SizeOption(parsing: text)
        guard bufferByteCounts.contains(size.byteCount) else { throw ValidationError("use 64K to 1G") }
        return size
    }
}
