import SyscallShapes

/// Shows calls as strace prints them, without the line's beginning and end (`LinePrefix`).
public struct CallFormatter: Sendable {
    public var options: FormatOptions
    /// What is shown otherwise of some calls; nil for nothing.
    private let exceptions: FormatExceptions?
    private let names = CallNames.shared

    public init(_ options: FormatOptions = FormatOptions(), _ exceptions: FormatExceptions? = nil) {
        self.options = options
        self.exceptions = exceptions
    }

    /// `read(0, "x", 1) = 1`.
    public func appendCall(_ call: TracedCall, _ text: inout TraceText) {
        let writer = writer(call)
        appendName(call.number, &text)
        text.append(byte: UInt8(ascii: "("))
        writer.appendSlots(from: 0, to: writer.slotCount, &text)
        text.append(byte: UInt8(ascii: ")"))
        appendResult(writer, &text)
    }

    /// `read(0,  <unfinished ...>`: what is known before the call.
    public func appendUnfinished(_ call: TracedCall, _ text: inout TraceText) {
        let writer = writer(call)
        appendName(call.number, &text)
        text.append(byte: UInt8(ascii: "("))
        let late = writer.lateSlot
        writer.appendSlots(from: 0, to: late, &text)
        if writer.separatesEarly, late > 0, writer.isAnyShown(from: late) { text.append(", ") }
        text.append(" <unfinished ...>")
    }

    /// `<... read resumed>"x", 1) = 1`: what is known after it.
    public func appendResumed(_ call: TracedCall, _ text: inout TraceText) {
        let writer = writer(call)
        text.append("<... ")
        names.append(call.number, &text)
        text.append(" resumed>")
        let late = writer.lateSlot
        writer.appendCloned(&text)
        if !writer.separatesEarly, writer.isAnyShown(from: late) { text.append(", ") }
        writer.appendSlots(from: late, to: writer.slotCount, &text)
        text.append(byte: UInt8(ascii: ")"))
        appendResult(writer, &text)
    }

    /// The call's name, as `SyscallTable` has it.
    public func appendName(of number: Int, _ text: inout TraceText) {
        names.append(number, &text)
    }

    /// What shows one call's parts.
    @inline(__always)
    func writer(_ call: TracedCall) -> CallWriter {
        let shape = names.shape(call.number).resolved(for: call.arguments)
        if let exceptions { return exceptions.writer(call, shape, names.shape(call.number).count, options) }
        return CallWriter(call: call, shape: shape, options: options)
    }

    private func appendName(_ number: Int, _ text: inout TraceText) {
        if options.showsNumbers {
            text.append(byte: UInt8(ascii: "["))
            text.append(padded: UInt64(truncatingIfNeeded: number), width: 4)
            text.append("] ")
        }
        names.append(number, &text)
    }

    /// The result, in its column.
    private func appendResult(_ writer: CallWriter, _ text: inout TraceText) {
        let missing = options.resultColumn - text.column
        text.append(byte: UInt8(ascii: " "), times: max(missing, 1))
        text.append("= ")
        writer.appendResult(&text)
    }
}
