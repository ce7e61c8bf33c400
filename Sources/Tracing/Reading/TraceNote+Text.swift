import GuestKernel

extension TraceNote {
    /// `epoch 12 cut, 3 streams with output`, and its like.
    func append(_ text: inout TraceText) {
        switch self {
        case .epochCut(let epoch, let count):
            text.append("epoch ")
            text.append(decimal: epoch)
            text.append(" cut, ")
            text.append(decimal: UInt64(count))
            text.append(count == 1 ? " stream with output" : " streams with output")
        case .epochCommitted(let epoch):
            text.append("epoch ")
            text.append(decimal: epoch)
            text.append(" committed")
        case .held(let stream, let count): append("held", stream, count, &text)
        case .released(let stream, let count): append("released", stream, count, &text)
        case .mirrorLost: text.append("mirror lost, output is no longer held")
        case .superseded: text.append("superseded, output is no longer released")
        }
    }

    private func append(_ verb: StaticString, _ stream: UInt64, _ byteCount: Int, _ text: inout TraceText) {
        text.append(verb)
        text.append(byte: UInt8(ascii: " "))
        text.append(decimal: UInt64(byteCount))
        text.append(byteCount == 1 ? " byte of stream " : " bytes of stream ")
        text.append(decimal: stream)
    }
}

extension JsonFormatter {
    /// What happened to an epoch or to output.
    func appendNote(_ note: TraceNote, nanoseconds: UInt64, _ text: inout TraceText) {
        let (type, first, second): (StaticString, (StaticString, UInt64)?, (StaticString, Int)?) =
            switch note {
            case .epochCut(let epoch, let count): ("epoch-cut", ("epoch", epoch), ("streams", count))
            case .epochCommitted(let epoch): ("epoch-committed", ("epoch", epoch), nil)
            case .held(let stream, let count): ("held", ("stream", stream), ("bytes", count))
            case .released(let stream, let count): ("released", ("stream", stream), ("bytes", count))
            case .mirrorLost: ("mirror-lost", nil, nil)
            case .superseded: ("superseded", nil, nil)
            }
        appendHead(type, nanoseconds, &text)
        if let first { appendMember(first.0, first.1, &text) }
        if let second { appendMember(second.0, UInt64(second.1), &text) }
        text.append(byte: UInt8(ascii: "}"))
        text.endLine()
    }

    /// Records that found no room.
    func appendDropped(_ count: UInt64, nanoseconds: UInt64, _ text: inout TraceText) {
        appendHead("dropped", nanoseconds, &text)
        appendMember("records", count, &text)
        text.append(byte: UInt8(ascii: "}"))
        text.endLine()
    }

    private func appendMember(_ name: StaticString, _ value: UInt64, _ text: inout TraceText) {
        text.append(",\"")
        text.append(name)
        text.append("\":")
        text.append(decimal: value)
    }
}
