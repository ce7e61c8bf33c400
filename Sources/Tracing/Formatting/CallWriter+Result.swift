import SyscallShapes

/// What a call returned.
extension CallWriter {
    func appendResult(_ text: inout TraceText) {
        guard let result = call.result, resultKind != .none else { return text.append(byte: UInt8(ascii: "?")) }
        if CallResult.isError(result) { return appendError(-result, &text) }
        let value = UInt64(bitPattern: Int64(result))
        switch resultKind {
        case .number, .none: text.append(signed: Int64(result))
        case .address, .bits: appendWord(value, &text)
        case .mode: text.append(mode: value)
        case .descriptor:
            text.append(signed: Int64(result))
            appendPath(of: Int32(truncatingIfNeeded: result), call.exit, &text)
        case .readyCount: appendReady(result, &text)
        case .openFlags: append(value, "flags ", .openFlags, &text)
        case .descriptorFlags: append(value, "flags ", .descriptorFlags, &text)
        case .seals: append(value, "seals ", .seals, &text)
        case .lockType:
            text.append(bits: value)
            appendComment(NameTable.lockType.choice(value), &text)
        case .policy:
            text.append(signed: Int64(result))
            appendComment(NameTable.schedulingPolicy.choice(value), &text)
        case .signal:
            text.append(signed: Int64(result))
            if result == 0 { break }
            text.append(" (")
            SignalName.append(full: Int32(truncatingIfNeeded: result), &text)
            text.append(byte: UInt8(ascii: ")"))
        }
        appendMeaning(result, &text)
    }

    /// `-1 ENOENT (No such file or directory)`.
    private func appendError(_ errno: Int, _ text: inout TraceText) {
        switch errno {
        case 512: return text.append("? ERESTARTSYS (To be restarted if SA_RESTART is set)")
        case 513: return text.append("? ERESTARTNOINTR (To be restarted)")
        case 514: return text.append("? ERESTARTNOHAND (To be restarted if no handler)")
        case 516: return text.append("? ERESTART_RESTARTBLOCK (Interrupted by signal)")
        default: break
        }
        text.append("-1 ")
        guard let error = ErrorName.of(errno) else {
            text.append("(errno ")
            text.append(decimal: UInt64(errno))
            return text.append(byte: UInt8(ascii: ")"))
        }
        text.append(error.name)
        text.append(" (")
        text.append(error.meaning)
        text.append(byte: UInt8(ascii: ")"))
    }

    private func appendWord(_ value: UInt64, _ text: inout TraceText) {
        text.append(bits: value)
        guard call.number == 135 else { return }
        text.append(" (")
        NameTable.personality.append(value, &text)
        text.append(byte: UInt8(ascii: ")"))
    }

    private func append(
        _ value: UInt64, _ what: StaticString, _ family: NameFamily, _ text: inout TraceText
    ) {
        text.append(bits: value)
        // No descriptor flag, no seal: nothing to name.
        if value == 0, family != .openFlags { return }
        text.append(" (")
        text.append(what)
        NameTable.of(family).append(value, &text)
        text.append(byte: UInt8(ascii: ")"))
    }

    private func appendComment(_ name: StaticString?, _ text: inout TraceText) {
        guard let name else { return }
        text.append(" (")
        text.append(name)
        text.append(byte: UInt8(ascii: ")"))
    }

    /// Numbers that mean something in a few calls.
    private func appendMeaning(_ result: Int, _ text: inout TraceText) {
        let value = UInt64(bitPattern: Int64(result))
        switch call.number {
        case 201:
            text.append(" (")
            text.append(moment: Int64(result))
            text.append(byte: UInt8(ascii: ")"))
        // PR_GET_DUMPABLE
        case 157 where call.arguments.int(0) == 3: appendComment(NameTable.dumpable.choice(value), &text)
        case 252:
            text.append(" (")
            appendPriority(value, &text)
            text.append(byte: UInt8(ascii: ")"))
        // MEMBARRIER_CMD_QUERY
        case 324 where call.arguments.int(0) == 0: appendBarriers(value, &text)
        // adjtimex, clock_adjtime
        case 159, 305: appendComment(NameTable.clockStates.choice(value), &text)
        default: break
        }
    }

    /// The commands that the kernel knows.
    private func appendBarriers(_ commands: UInt64, _ text: inout TraceText) {
        text.append(" (")
        NameTable(unknown: "MEMBARRIER_CMD_???", bits: NameTable.barrierCommand.choices.filter { $0.value != 0 })
            .append(commands, &text)
        text.append(byte: UInt8(ascii: ")"))
    }

    // MARK: - poll and select

    private func appendReady(_ result: Int, _ text: inout TraceText) {
        text.append(signed: Int64(result))
        if result == 0 { return text.append(" (Timeout)") }
        text.append(" (")
        let start = text.count
        if kind(0) == .integer { appendReadySets(&text) } else { appendReadyDescriptors(&text) }
        appendTimeLeft(text.count > start, &text)
        text.append(byte: UInt8(ascii: ")"))
    }

    private func appendReadyDescriptors(_ text: inout TraceText) {
        let count = Int(min(call.arguments.b, 1 << 20))
        let captured = options.isUnabbreviated ? count : min(count, options.stringByteCount)
        guard let bytes = call.exit.bytes(at: call.arguments.a, count: captured * 8) else {
            return text.append(address: call.arguments.a)
        }
        text.append(byte: UInt8(ascii: "["))
        var isFirst = true
        for offset in stride(from: 0, to: bytes.count, by: 8) where bytes.uint16(offset + 6) != 0 {
            if !isFirst { text.append(", ") }
            isFirst = false
            text.append("{fd=")
            appendDescriptor(bytes.int32(offset), &text)
            text.append(", revents=")
            NameTable.pollEvents.append(UInt64(bytes.uint16(offset + 6)), &text)
            text.append(byte: UInt8(ascii: "}"))
        }
        if captured < count { text.append(isFirst ? "..." : ", ...") }
        text.append(byte: UInt8(ascii: "]"))
    }

    private func appendReadySets(_ text: inout TraceText) {
        let names: InlineArray<3, StaticString> = ["in ", "out ", "except "]
        var isFirst = true
        for index in names.indices where isAnyReady(call.arguments[index + 1]) {
            if !isFirst { text.append(", ") }
            isFirst = false
            text.append(names[index])
            appendDescriptorSet(call.arguments[index + 1], Int(call.arguments.a & 0xFFFF), call.exit, &text)
        }
    }

    private func isAnyReady(_ address: UInt64) -> Bool {
        let size = (Int(call.arguments.a & 0xFFFF) + 63) / 64 * 8
        guard address != 0, let bytes = call.exit.bytes(at: address, count: min(size, 128)) else { return false }
        return bytes.contains { $0 != 0 }
    }

    /// Linux writes back how much of the time is left.
    private func appendTimeLeft(_ isBehind: Bool, _ text: inout TraceText) {
        let index = kind(0) == .integer ? 4 : 2
        guard index < argumentCount, case .update(let content, _) = kind(index),
            call.arguments[index] != 0,
            let fields = call.exit.bytes(at: call.arguments[index], count: content.byteCount)
        else { return }
        text.append(isBehind ? ", left " : "left ")
        appendTime(content, fields, &text)
    }
}
