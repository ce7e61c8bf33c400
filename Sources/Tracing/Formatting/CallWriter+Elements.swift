import SyscallShapes

/// Which structure is shown how.
extension CallWriter {
    /// One element of an array, or what an argument points to.
    func append(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        switch content {
        case .int32, .schedulingParameters: text.append(signed: Int64(fields.int32(0)))
        case .uint32: text.append(decimal: UInt64(fields.uint32(0)))
        case .int64: appendNumber(fields.int64(0), &text)
        case .uint64: text.append(decimal: fields.uint64(0))
        case .address: text.append(address: fields.uint64(0))
        case .descriptor: appendNewDescriptor(fields.int32(0), &text)
        case .identity: text.append(identity: fields.uint32(0))
        // The other bits have no meaning yet.
        case .pageResidency: text.append(decimal: UInt64(fields[0] & 1))
        case .errorNumber: appendErrorNumber(fields.int32(0), &text)
        case .waitStatus: appendWaitStatus(fields.uint32(0), &text)
        case .timespec, .timeval, .timezone, .fileTimes, .intervalSpec, .intervalValue, .timeAdjustment, .processTimes:
            appendTime(content, fields, &text)
        case .signalAction, .signalSet, .signalStack, .signalInformation, .signalEvent:
            appendSignalStructure(content, fields, &text)
        case .status, .extendedStatus, .fileSystemStatus, .fileLock, .fileOwner, .cacheRange, .cacheStatus, .terminal,
            .windowSize:
            appendFileStructure(content, fields, &text)
        case .resourceLimit, .resourceUsage, .systemInformation, .systemNames, .capabilityHeader, .capabilityData,
            .credentials, .linger:
            appendProcessStructure(content, fields, &text)
        case .epollEvent: appendEpollEvent(fields, &text)
        case .pollDescriptor: appendPolled(fields, &text)
        default: text.append(quoted: fields, options.hexStrings)
        }
    }

    /// time(2) says what its number means.
    private func appendNumber(_ value: Int64, _ text: inout TraceText) {
        text.append(signed: value)
        guard call.number == 201 else { return }
        text.append(momentComment: value)
    }

    private func appendErrorNumber(_ number: Int32, _ text: inout TraceText) {
        if let error = ErrorName.of(Int(number)) {
            text.append(error.name)
        } else {
            text.append(signed: Int64(number))
        }
    }

    private func appendNewDescriptor(_ descriptor: Int32, _ text: inout TraceText) {
        text.append(signed: Int64(descriptor))
        appendPath(of: descriptor, call.exit, &text)
    }

    private func appendEpollEvent(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{events=")
        NameTable.epollEvents.append(UInt64(fields.uint32(0)), &text)
        text.append(", data={u32=")
        text.append(decimal: UInt64(fields.uint32(4)))
        text.append(", u64=")
        text.append(decimal: fields.uint64(4))
        text.append("}}")
    }

    private func appendPolled(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{fd=")
        appendDescriptor(fields.int32(0), &text)
        if fields.int32(0) >= 0 {
            text.append(", events=")
            NameTable.pollEvents.append(UInt64(fields.uint16(4)), &text)
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    /// `[3 4]`: descriptors whose bit is set.
    func appendDescriptorSet(
        _ address: UInt64, _ count: Int, _ memory: CapturedMemory, _ text: inout TraceText
    ) {
        let size = min((count + 63) / 64 * 8, MemoryContent.descriptorSet.byteCountMax)
        if size == 0 { return text.append("[]") }
        guard let bytes = memory.bytes(at: address, count: size) else { return text.append(address: address) }
        text.append(byte: UInt8(ascii: "["))
        var isFirst = true
        for descriptor in 0..<min(count, size * 8) where bytes[descriptor / 8] >> UInt8(descriptor % 8) & 1 != 0 {
            if !isFirst { text.append(byte: UInt8(ascii: " ")) }
            isFirst = false
            appendDescriptor(Int32(descriptor), &text)
        }
        text.append(byte: UInt8(ascii: "]"))
    }

    func appendSelectMask(_ address: UInt64, _ memory: CapturedMemory, _ text: inout TraceText) {
        guard let fields = memory.bytes(at: address, count: 16) else { return text.append(address: address) }
        text.append("{sigmask=")
        if let set = memory.load(UInt64.self, at: fields.uint64(0)), fields.uint64(0) != 0 {
            SignalName.append(set: set, &text)
        } else {
            text.append(address: fields.uint64(0))
        }
        text.append(", sigsetsize=")
        text.append(decimal: fields.uint64(8))
        text.append(byte: UInt8(ascii: "}"))
    }

    /// Structures whose size an argument says.
    func appendSized(
        _ content: MemoryContent, _ address: UInt64, _ count: Int, _ memory: CapturedMemory, _ text: inout TraceText
    ) {
        guard let fields = memory.bytes(at: address, count: count) else { return text.append(address: address) }
        switch content {
        case .socketAddress: SocketAddressText.append(fields, options.hexStrings, &text)
        case .cpuMask: appendProcessors(fields, &text)
        case .cloneArguments where count >= 64: appendCloneArguments(fields, &text)
        case .openHow where count >= 24: appendOpenHow(fields, &text)
        case .schedulingAttributes where count >= 48: appendSchedulingAttributes(fields, &text)
        default: text.append(address: address)
        }
    }

    /// `[0 1]`.
    private func appendProcessors(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(byte: UInt8(ascii: "["))
        var isFirst = true
        for index in 0..<fields.count * 8 where fields[index / 8] >> UInt8(index % 8) & 1 != 0 {
            if !isFirst { text.append(byte: UInt8(ascii: " ")) }
            isFirst = false
            text.append(decimal: UInt64(index))
        }
        text.append(byte: UInt8(ascii: "]"))
    }
}
