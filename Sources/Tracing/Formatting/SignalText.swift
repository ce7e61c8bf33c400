/// Signals, and how processes end.
enum SignalText {
    /// A siginfo_t.
    static func append(information fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let number = fields.int32(0)
        let code = fields.int32(8)
        text.append("{si_signo=")
        SignalName.append(full: number, &text)
        if fields.int32(4) != 0 {
            text.append(", si_errno=")
            text.append(signed: Int64(fields.int32(4)))
        }
        text.append(", si_code=")
        append(code: code, of: number, &text)
        switch (number, code) {
        case (_, 0x80): break
        case (_, -2): appendTimer(fields, &text)
        case (_, 0), (_, -6): appendSender(fields, &text)
        case (_, ..<0):
            appendSender(fields, &text)
            appendValue(fields.uint64(24), &text)
        case (17, _): appendChild(fields, &text)
        case (4, _), (5, _), (7, _), (8, _), (11, _):
            text.append(", si_addr=")
            text.append(address: fields.uint64(16))
        case (29, _):
            text.append(", si_band=")
            text.append(signed: fields.int64(16))
            text.append(", si_fd=")
            text.append(signed: Int64(fields.int32(24)))
        case (31, _):
            text.append(", si_call_addr=")
            text.append(address: fields.uint64(16))
        default:
            appendSender(fields, &text)
            appendValue(fields.uint64(24), &text)
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private static func append(code: Int32, of number: Int32, _ text: inout TraceText) {
        let own = NameTable.signalCodes[number]
        if let name = own?.choice(UInt64(UInt32(bitPattern: code))) { return text.append(name) }
        if let name = NameTable.senderCodes.choice(UInt64(UInt32(bitPattern: code))) { return text.append(name) }
        text.append(bits: UInt64(UInt32(bitPattern: code)))
    }

    private static func appendSender(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(", si_pid=")
        text.append(signed: Int64(fields.int32(16)))
        text.append(", si_uid=")
        text.append(decimal: UInt64(fields.uint32(20)))
    }

    private static func appendValue(_ value: UInt64, _ text: inout TraceText) {
        if value == 0 { return }
        text.append(", si_int=")
        text.append(signed: Int64(Int32(truncatingIfNeeded: value)))
        text.append(", si_ptr=")
        text.append(address: value)
    }

    private static func appendTimer(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(", si_timerid=")
        text.append(bits: UInt64(fields.uint32(16)))
        text.append(", si_overrun=")
        text.append(signed: Int64(fields.int32(20)))
        appendValue(fields.uint64(24), &text)
    }

    private static func appendChild(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        appendSender(fields, &text)
        text.append(", si_status=")
        // CLD_EXITED has an exit status, the others a signal.
        if fields.int32(8) == 1 {
            text.append(signed: Int64(fields.int32(24)))
        } else {
            SignalName.append(full: fields.int32(24), &text)
        }
        text.append(", si_utime=")
        append(ticks: fields.int64(32), &text)
        text.append(", si_stime=")
        append(ticks: fields.int64(40), &text)
    }

    /// Clock ticks of 10 ms, with what they are in seconds.
    static func append(ticks: Int64, _ text: inout TraceText) {
        text.append(signed: ticks)
        if ticks == 0 { return }
        text.append(" /* ")
        text.append(signed: ticks / 100)
        text.append(byte: UInt8(ascii: "."))
        text.append(decimal: ticks.magnitude % 100, width: 2)
        text.append(" s */")
    }
}
