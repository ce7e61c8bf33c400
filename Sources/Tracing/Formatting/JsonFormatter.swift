import SyscallShapes

/// Shows calls and events as JSON, one object a line; docs/trace-format.md says what is in them.
public struct JsonFormatter: Sendable {
    /// Of the objects' form; it only changes when a name changes its meaning or goes away.
    public static let version: UInt64 = 1

    private let calls: CallFormatter

    public init(_ options: FormatOptions = FormatOptions(), _ exceptions: FormatExceptions? = nil) {
        calls = CallFormatter(options, exceptions)
    }

    /// What is known of a call besides itself.
    public struct Circumstances: Sendable {
        /// The epoch in which the call was made, while there is a mirror.
        public var epoch: UInt64?
        /// Whether its output was held for a commit.
        public var isHeld: Bool?

        public init(epoch: UInt64? = nil, isHeld: Bool? = nil) {
            self.epoch = epoch
            self.isHeld = isHeld
        }
    }

    /// A call as an object, and the line's end.
    public func appendCall(
        _ call: TracedCall, circumstances: Circumstances = Circumstances(), _ text: inout TraceText
    ) {
        appendHead("syscall", call.startNanoseconds, &text)
        appendThread(call.thread, &text)
        text.append(",\"name\":\"")
        calls.appendName(of: call.number, &text)
        text.append("\",\"number\":")
        text.append(signed: Int64(call.number))
        calls.show(call) { appendBody($0, &text) }
        if let epoch = circumstances.epoch {
            text.append(",\"epoch\":")
            text.append(decimal: epoch)
        }
        if let isHeld = circumstances.isHeld { text.append(isHeld ? ",\"held\":true" : ",\"held\":false") }
        text.append(byte: UInt8(ascii: "}"))
        text.endLine()
    }

    /// A signal that the guest got.
    public func appendSignal(
        _ number: Int32, information: UnsafeRawBufferPointer, thread: Int32, nanoseconds: UInt64,
        _ text: inout TraceText
    ) {
        appendHead("signal", nanoseconds, &text)
        appendThread(thread, &text)
        text.append(",\"signal\":\"")
        SignalName.append(full: number, &text)
        text.append(byte: UInt8(ascii: "\""))
        if information.count >= MemoryContent.signalInformation.byteCount {
            text.append(",\"info\":\"")
            let start = text.count
            SignalText.append(information: information, &text)
            text.escapeJson(from: start)
            text.append(byte: UInt8(ascii: "\""))
        }
        text.append(byte: UInt8(ascii: "}"))
        text.endLine()
    }

    /// The guest's end by exit_group or its last thread's.
    public func appendExit(status: Int32, thread: Int32, nanoseconds: UInt64, _ text: inout TraceText) {
        appendHead("exit", nanoseconds, &text)
        appendThread(thread, &text)
        text.append(",\"status\":")
        text.append(signed: Int64(status))
        text.append(byte: UInt8(ascii: "}"))
        text.endLine()
    }

    /// The guest's end by a signal.
    public func appendKilled(by signal: Int32, thread: Int32, nanoseconds: UInt64, _ text: inout TraceText) {
        appendHead("exit", nanoseconds, &text)
        appendThread(thread, &text)
        text.append(",\"signal\":\"")
        SignalName.append(full: signal, &text)
        text.append("\"}")
        text.endLine()
    }

    /// What every object begins with.
    func appendHead(_ type: StaticString, _ nanoseconds: UInt64, _ text: inout TraceText) {
        text.append("{\"v\":")
        text.append(decimal: JsonFormatter.version)
        text.append(",\"type\":\"")
        text.append(type)
        text.append("\",\"time\":")
        text.append(decimal: nanoseconds / 1_000_000_000)
        text.append(byte: UInt8(ascii: "."))
        text.append(decimal: nanoseconds % 1_000_000_000, width: 9)
    }

    private func appendThread(_ thread: Int32, _ text: inout TraceText) {
        text.append(",\"thread\":")
        text.append(signed: Int64(thread))
    }

    /// Arguments and result.
    private func appendBody(_ writer: CallWriter, _ text: inout TraceText) {
        text.append(",\"args\":[")
        appendArguments(writer, &text)
        text.append("],\"raw\":[")
        for index in 0..<writer.argumentCount {
            if index > 0 { text.append(byte: UInt8(ascii: ",")) }
            text.append(decimal: writer.call.arguments[index])
        }
        text.append(byte: UInt8(ascii: "]"))
        appendResult(writer, &text)
    }

    private func appendArguments(_ writer: CallWriter, _ text: inout TraceText) {
        var isFirst = true
        for slot in 0..<writer.slotCount where writer.isShown(slot) {
            text.append(isFirst ? "\"" : ",\"")
            isFirst = false
            let start = text.count
            writer.appendSlot(slot, &text)
            text.escapeJson(from: start)
            text.append(byte: UInt8(ascii: "\""))
        }
    }

    private func appendResult(_ writer: CallWriter, _ text: inout TraceText) {
        guard let result = writer.call.result else { return text.append(",\"result\":null") }
        text.append(",\"result\":")
        text.append(signed: Int64(CallResult.isError(result) ? -1 : result))
        text.append(",\"return\":\"")
        let start = text.count
        writer.appendResult(&text)
        text.escapeJson(from: start)
        text.append(byte: UInt8(ascii: "\""))
        if CallResult.isError(result) {
            text.append(",\"errno\":\"")
            if let error = ErrorName.of(-result) {
                text.append(error.name)
            } else {
                text.append(signed: Int64(-result))
            }
            text.append(byte: UInt8(ascii: "\""))
        }
        text.append(",\"duration_ns\":")
        text.append(decimal: writer.call.durationNanoseconds)
    }
}
