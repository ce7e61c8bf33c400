import SyscallShapes

@testable import Tracing

/// The line of a call, with snippets as they would have been captured.
func line(
    _ number: Int, _ arguments: [UInt64], result: Int?, entry: Snippets = Snippets(), exit: Snippets = Snippets(),
    _ options: FormatOptions = FormatOptions()
) -> String {
    text(number, arguments, result, entry, exit) { CallFormatter(options).appendCall($0, &$1) }
}

/// What `body` shows of a call.
func text(
    _ number: Int, _ arguments: [UInt64], _ result: Int?, _ entry: Snippets = Snippets(),
    _ exit: Snippets = Snippets(), _ body: (TracedCall, inout TraceText) -> Void
) -> String {
    var words = SyscallArguments(a: 0, b: 0, c: 0, d: 0, e: 0, f: 0)
    for (index, word) in arguments.enumerated() { words[index] = word }
    return entry.bytes.withUnsafeBytes { before in
        exit.bytes.withUnsafeBytes { after in
            let call = TracedCall(
                number: number, arguments: words, thread: 7, startNanoseconds: 1_700_000_000_123_456_789,
                durationNanoseconds: 12_345, result: result, entry: CapturedMemory(before),
                exit: CapturedMemory(after))
            return appended { body(call, &$0) }
        }
    }
}

/// The text that `body` appends.
func appended(_ body: (inout TraceText) -> Void) -> String {
    var text = TraceText()
    body(&text)
    return String(decoding: text.bytes, as: UTF8.self)
}
