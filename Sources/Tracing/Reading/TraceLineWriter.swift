import Glibc
import GuestKernel
import Unwinding

/// Writes whole lines: a call or an event with what stands before and behind it, as text or as JSON.
struct TraceLineWriter {
    private let request: TraceRequest
    private let calls: CallFormatter
    private let objects: JsonFormatter
    private var prefix = LinePrefix()
    private var stacks = StackText(MappedFile.read)
    private var stackLines: [UInt8] = []

    init(_ request: TraceRequest) {
        self.request = request
        let options = FormatOptions(request)
        let exceptions = FormatExceptions(request.lines)
        calls = CallFormatter(options, exceptions)
        objects = JsonFormatter(options, exceptions)
        prefix.clock =
            switch request.lines.timestamps {
            case .none: .none
            case .seconds: .seconds
            case .microseconds: .microseconds
            case .unixMicroseconds: .sinceEpoch
            }
        prefix.isRelative = request.lines.showsRelativeTimes
        prefix.showsDuration = request.lines.showsDurations
        prefix.isForFile = request.output != .standardError
        prefix.showsThread = prefix.isForFile
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        prefix.secondsEastOfUTC = local.tm_gmtoff
    }

    /// Lines on standard error say whose they are only where there are several threads.
    mutating func setThreadCount(_ count: Int) {
        prefix.showsThread = prefix.isForFile || count > 1
    }

    mutating func appendCall(_ call: TracedCall, _ circumstances: CallCircumstances, _ text: inout TraceText) {
        if request.isJSON { return objects.appendCall(call, circumstances: circumstances.forJson, &text) }
        prefix.appendStart(thread: call.thread, nanoseconds: call.startNanoseconds, &text)
        calls.appendCall(call, &text)
        finish(call, circumstances, &text)
    }

    /// What is known before a call, as something else comes before its end. In JSON a call is one object, at its end.
    mutating func appendUnfinished(_ call: TracedCall, _ text: inout TraceText) {
        if request.isJSON { return }
        prefix.appendStart(thread: call.thread, nanoseconds: call.startNanoseconds, &text)
        calls.appendUnfinished(call, &text)
        text.endLine()
    }

    mutating func appendResumed(_ call: TracedCall, _ circumstances: CallCircumstances, _ text: inout TraceText) {
        if request.isJSON { return objects.appendCall(call, circumstances: circumstances.forJson, &text) }
        let ended = call.startNanoseconds + call.durationNanoseconds
        prefix.appendStart(thread: call.thread, nanoseconds: ended, &text)
        calls.appendResumed(call, &text)
        finish(call, circumstances, &text)
    }

    private mutating func finish(_ call: TracedCall, _ circumstances: CallCircumstances, _ text: inout TraceText) {
        if circumstances.isInjected { text.append(" (INJECTED)") }
        if circumstances.isDelayed { text.append(" (DELAYED)") }
        if call.result != nil { prefix.appendEnd(durationNanoseconds: call.durationNanoseconds, &text) }
        text.endLine()
        guard request.lines.showsStacks, call.result != nil, let stack = call.entry.stack else { return }
        appendStack(stack, &text)
    }

    /// The frames of the call, and an empty line.
    private mutating func appendStack(_ records: UnsafeRawBufferPointer, _ text: inout TraceText) {
        stackLines.removeAll(keepingCapacity: true)
        stacks.append(records, to: &stackLines)
        stackLines.withUnsafeBytes { text.append($0) }
        text.endLine()
    }

    mutating func append(_ event: TraceEvent, thread: Int32, nanoseconds: UInt64, _ text: inout TraceText) {
        if request.isJSON { return appendObject(event, thread, nanoseconds, &text) }
        prefix.appendStart(thread: thread, nanoseconds: nanoseconds, &text)
        switch event {
        case .signal(let signal, let information):
            EventText.appendSignal(signal, information: information, &text)
        case .end(.exited(let status)): EventText.appendExit(status: status, &text)
        case .end(.signalled(let signal)): EventText.appendKilled(by: signal, &text)
        case .note(let note):
            text.append("--- ")
            note.append(&text)
            text.append(" ---")
        case .dropped(let count):
            text.append("--- ")
            text.append(decimal: count)
            text.append(" records dropped ---")
        }
        text.endLine()
    }

    private func appendObject(
        _ event: TraceEvent, _ thread: Int32, _ nanoseconds: UInt64, _ text: inout TraceText
    ) {
        switch event {
        case .signal(let signal, let information):
            objects.appendSignal(
                signal, information: information, thread: thread, nanoseconds: nanoseconds, &text)
        case .end(.exited(let status)):
            objects.appendExit(status: status, thread: thread, nanoseconds: nanoseconds, &text)
        case .end(.signalled(let signal)):
            objects.appendKilled(by: signal, thread: thread, nanoseconds: nanoseconds, &text)
        case .note(let note):
            objects.appendNote(note, nanoseconds: nanoseconds, &text)
        case .dropped(let count):
            objects.appendDropped(count, nanoseconds: nanoseconds, &text)
        }
    }
}

/// What is known of a call besides what it did.
struct CallCircumstances {
    /// The epoch that it ended in; 0 without a mirror.
    var epoch: UInt64 = 0
    var isHeld = false
    var isInjected = false
    var isDelayed = false

    var forJson: JsonFormatter.Circumstances {
        epoch == 0 ? JsonFormatter.Circumstances() : JsonFormatter.Circumstances(epoch: epoch, isHeld: isHeld)
    }
}

extension FormatOptions {
    init(_ request: TraceRequest) {
        self.init()
        stringByteCount = request.lines.stringByteCountMax
        isUnabbreviated = request.lines.abbreviated == .none
        showsDescriptorPaths = request.lines.descriptorDetail != .none
        showsNumbers = request.lines.showsNumbers
        resultColumn = request.lines.resultColumn
        hexStrings =
            switch request.lines.hexadecimalStrings {
            case .none: .none
            case .nonASCII: .unprintable
            case .all: .all
            }
    }
}
