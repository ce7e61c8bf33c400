import SyscallShapes

/// What lies in memory behind an argument.
extension CallWriter {
    func appendMemory(
        _ kind: ArgumentKind, _ content: MemoryContent, _ extent: Extent, _ address: UInt64, _ text: inout TraceText
    ) {
        guard address != 0 else { return text.append("NULL") }
        switch kind {
        case .output:
            if isWithoutOutput, extent != .interrupted { return appendOutline(content, extent, address, &text) }
            if call.result == 0, isSilentAtZero { return text.append(address: address) }
            append(content, extent, address, call.exit, &text)
        case .update: appendUpdate(content, extent, address, &text)
        default: append(content, extent, address, call.entry, &text)
        }
    }

    /// Whether 0 means that the call has nothing to say: no child (wait4), no attribute (listxattr and its like).
    private var isSilentAtZero: Bool { call.number == 61 || (194...196).contains(call.number) }

    /// What the call was to write, where it wrote nothing: only where it would have been.
    private func appendOutline(
        _ content: MemoryContent, _ extent: Extent, _ address: UInt64, _ text: inout TraceText
    ) {
        switch content {
        case .ioVector: append(content, extent, address, call.entry, &text)
        case .messageHeader:
            guard let fields = call.entry.bytes(at: address, count: content.byteCount) else { break }
            text.append("{msg_namelen=")
            text.append(signed: Int64(fields.int32(8)))
            return text.append(byte: UInt8(ascii: "}"))
        default: break
        }
        if content != .ioVector { text.append(address: address) }
    }

    private func appendUpdate(
        _ content: MemoryContent, _ extent: Extent, _ address: UInt64, _ text: inout TraceText
    ) {
        switch content {
        case .int32:
            guard let before = call.entry.load(Int32.self, at: address) else { return text.append(address: address) }
            let after = isWithoutOutput ? before : call.exit.load(Int32.self, at: address) ?? before
            text.append(byte: UInt8(ascii: "["))
            text.append(signed: Int64(before))
            if after != before {
                text.append(" => ")
                text.append(signed: Int64(after))
            }
            text.append(byte: UInt8(ascii: "]"))
        case .int64:
            append(content, extent, address, call.entry, &text)
            guard !isWithoutOutput, call.exit.load(Int64.self, at: address) != nil else { return }
            text.append(" => ")
            append(content, extent, address, call.exit, &text)
        case .cloneArguments:
            append(content, extent, address, call.entry, &text)
            appendCloned(&text)
        case .pollDescriptor, .descriptorSet, .timespec, .timeval:
            append(content, extent, address, call.entry, &text)
        default:
            append(content, extent, address, isWithoutOutput ? call.entry : call.exit, &text)
        }
    }

    /// How many elements there are.
    func elements(_ extent: Extent) -> Int {
        switch extent {
        case .one, .interrupted: return 1
        case .fixed(let count): return Int(count)
        case .count(let index): return Int(min(call.arguments[Int(index)], 1 << 30))
        case .pages(let index): return Extent.pageCount(call.arguments[Int(index)])
        case .result: return min(max(call.result ?? 0, 0), 1 << 30)
        case .pointed(let index):
            let address = call.arguments[Int(index)]
            let room = call.entry.load(Int32.self, at: address) ?? 0
            let needed = call.exit.load(Int32.self, at: address) ?? room
            return Int(max(min(room, needed), 0))
        }
    }

    func append(
        _ content: MemoryContent, _ extent: Extent, _ address: UInt64, _ memory: CapturedMemory,
        _ text: inout TraceText
    ) {
        let count = elements(extent)
        switch content {
        case .bytes: appendBytes(address, count, memory, options.hexStrings, &text)
        case .randomBytes: appendBytes(address, count, memory, .all, &text)
        case .path: appendPathBytes(address, count, memory, &text)
        case .socketAddress, .cloneArguments, .openHow, .cpuMask, .schedulingAttributes:
            appendSized(content, address, min(count, content.byteCountMax), memory, &text)
        case .descriptorSet: appendDescriptorSet(address, count, memory, &text)
        case .directoryEntries, .oldDirectoryEntries: appendDirectory(content, address, memory, &text)
        case .stringVector: appendVector(address, memory, &text)
        case .environment: appendEnvironment(address, memory, &text)
        case .ioVector, .remoteRange: appendRanges(content, address, count, max(call.result ?? 0, 0), memory, &text)
        case .messageHeader, .manyMessageHeaders: appendMessages(content, address, count, memory, &text)
        case .selectMask: appendSelectMask(address, memory, &text)
        default:
            if extent == .one || extent == .interrupted {
                appendOne(content, address, memory, &text)
            } else {
                appendArray(content, address, count, memory, &text)
            }
        }
    }

    private func appendOne(
        _ content: MemoryContent, _ address: UInt64, _ memory: CapturedMemory, _ text: inout TraceText
    ) {
        guard !isSetOfOtherSize(content), let fields = memory.bytes(at: address, count: content.byteCount) else {
            return text.append(address: address)
        }
        if !content.isNumber { return append(content, fields, &text) }
        text.append(byte: UInt8(ascii: "["))
        append(content, fields, &text)
        text.append(byte: UInt8(ascii: "]"))
    }

    /// Whether a signal set is said to have a size that no set has: it is not looked at.
    private func isSetOfOtherSize(_ content: MemoryContent) -> Bool {
        guard content == .signalSet, argumentCount > 1, kind(argumentCount - 1) == .size else { return false }
        return call.arguments[argumentCount - 1] != 8
    }

    private func appendArray(
        _ content: MemoryContent, _ address: UInt64, _ count: Int, _ memory: CapturedMemory, _ text: inout TraceText
    ) {
        let size = content.byteCount
        let shown = options.isUnabbreviated ? count : min(count, options.stringByteCount)
        if shown == 0 { return text.append(count == 0 ? "[]" : "[...]") }
        guard let bytes = memory.bytes(at: address, count: size * shown) else { return text.append(address: address) }
        text.append(byte: UInt8(ascii: "["))
        for index in 0..<shown {
            if index > 0 { text.append(", ") }
            let element = bytes.part(index * size, size)
            // Pairs of times are those of files.
            if content == .timespec || content == .timeval {
                appendFileTime(content, element, &text)
            } else {
                append(content, element, &text)
            }
        }
        if shown < count { text.append(", ...") }
        text.append(byte: UInt8(ascii: "]"))
    }

    /// A buffer: as many bytes of it as the limit allows.
    func appendBytes(
        _ address: UInt64, _ count: Int, _ memory: CapturedMemory, _ hex: TraceText.HexStrings, _ text: inout TraceText
    ) {
        guard address != 0 else { return text.append("NULL") }
        let shown = min(count, options.stringByteCount)
        if shown == 0 { return text.append(count == 0 ? "\"\"" : "\"\"...") }
        guard let bytes = memory.bytes(at: address, count: shown) else { return text.append(address: address) }
        text.append(quoted: bytes, hex)
        if shown < count { text.append("...") }
    }

    private func appendPathBytes(
        _ address: UInt64, _ count: Int, _ memory: CapturedMemory, _ text: inout TraceText
    ) {
        guard let bytes = memory.bytes(at: address) else { return text.append(address: address) }
        text.append(quoted: bytes.part(0, count).beforeNul, options.hexStrings)
    }
}
