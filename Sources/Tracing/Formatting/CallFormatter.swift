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
        show(call) { writer in
            appendName(call.number, &text)
            text.append(byte: UInt8(ascii: "("))
            writer.appendSlots(from: 0, to: writer.slotCount, &text)
            text.append(byte: UInt8(ascii: ")"))
            appendResult(writer, &text)
        }
    }

    /// `read(0,  <unfinished ...>`: what is known before the call.
    public func appendUnfinished(_ call: TracedCall, _ text: inout TraceText) {
        show(call) { writer in
            appendName(call.number, &text)
            text.append(byte: UInt8(ascii: "("))
            let late = writer.lateSlot
            writer.appendSlots(from: 0, to: late, &text)
            if writer.separatesEarly, late > 0, writer.isAnyShown(from: late) { text.append(", ") }
            text.append(" <unfinished ...>")
        }
    }

    /// `<... read resumed>"x", 1) = 1`: what is known after it.
    public func appendResumed(_ call: TracedCall, _ text: inout TraceText) {
        show(call) { writer in
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
    }

    /// The call's name, as `SyscallTable` has it.
    public func appendName(of number: Int, _ text: inout TraceText) {
        names.append(number, &text)
    }

    /// Calls `body` with what shows one call's parts.
    @inline(__always)
    func show(_ call: TracedCall, _ body: (CallWriter) -> Void) {
        let shape = names.shape(call.number)
        if exceptions != nil || shape.pointee.dependsOnArguments { return showOtherwise(call, body) }
        withUnsafePointer(to: call) { call in
            withUnsafePointer(to: options) { options in body(CallWriter(call, shape, options)) }
        }
    }

    /// A call whose arguments mean what one of them says, or what the options say.
    private func showOtherwise(_ call: TracedCall, _ body: (CallWriter) -> Void) {
        var options = options
        let usual = names.shape(call.number)
        var shape = usual.pointee.resolved(for: call.arguments)
        if let exceptions {
            options.isUnabbreviated = !exceptions.isAbbreviated(call.number)
            shape = exceptions.shape(shape, usual.pointee.count, call.number)
        }
        withUnsafePointer(to: call) { call in
            withUnsafePointer(to: &options) { options in
                withUnsafePointer(to: &shape) { shape in body(CallWriter(call, shape, options)) }
            }
        }
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
