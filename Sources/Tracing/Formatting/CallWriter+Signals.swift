import SyscallShapes

/// Signals, and children that ended.
extension CallWriter {
    func appendSignalStructure(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        switch content {
        case .signalAction: appendAction(fields, &text)
        case .signalSet: SignalName.append(set: fields.uint64(0), &text)
        case .signalStack:
            text.append("{ss_sp=")
            text.append(address: fields.uint64(0))
            text.append(", ss_flags=")
            NameTable.signalStackFlags.append(UInt64(fields.uint32(8)), &text)
            text.append(", ss_size=")
            text.append(decimal: fields.uint64(16))
            text.append(byte: UInt8(ascii: "}"))
        case .signalInformation: SignalText.append(information: fields, &text)
        default: appendEvent(fields, &text)
        }
    }

    private func appendAction(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let flags = fields.uint64(8)
        text.append("{sa_handler=")
        switch fields.uint64(0) {
        case 0: text.append("SIG_DFL")
        case 1: text.append("SIG_IGN")
        case .max: text.append("SIG_ERR")
        case let handler: text.append(hex: handler)
        }
        text.append(", sa_mask=")
        SignalName.append(set: fields.uint64(24), &text)
        text.append(", sa_flags=")
        NameTable.signalActionFlags.append(flags, &text)
        // SA_RESTORER
        if flags & 0x400_0000 != 0 {
            text.append(", sa_restorer=")
            text.append(address: fields.uint64(16))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendEvent(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(byte: UInt8(ascii: "{"))
        if fields.uint64(0) != 0 {
            text.append("sigev_value={sival_int=")
            text.append(signed: Int64(fields.int32(0)))
            text.append(", sival_ptr=")
            text.append(address: fields.uint64(0))
            text.append("}, ")
        }
        text.append("sigev_signo=")
        SignalName.append(full: fields.int32(8), &text)
        text.append(", sigev_notify=")
        NameTable.eventNotifications.append(UInt64(fields.uint32(12)), &text)
        // SIGEV_THREAD_ID
        if fields.uint32(12) == 4 {
            text.append(", sigev_notify_thread_id=")
            text.append(signed: Int64(fields.int32(16)))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    func appendWaitStatus(_ status: UInt32, _ text: inout TraceText) {
        let signal = Int32(status & 0x7F)
        if status & 0xFFFF == 0xFFFF { return text.append("{WIFCONTINUED(s)}") }
        if signal == 0 {
            text.append("{WIFEXITED(s) && WEXITSTATUS(s) == ")
            text.append(decimal: UInt64(status >> 8 & 0xFF))
        } else if signal == 0x7F {
            text.append("{WIFSTOPPED(s) && WSTOPSIG(s) == ")
            SignalName.append(full: Int32(status >> 8 & 0xFF), &text)
        } else {
            text.append("{WIFSIGNALED(s) && WTERMSIG(s) == ")
            SignalName.append(full: signal, &text)
            if status & 0x80 != 0 { text.append(" && WCOREDUMP(s)") }
        }
        text.append(byte: UInt8(ascii: "}"))
    }
}
