import SyscallShapes

/// Shows one call's arguments and result.
///
/// Three words, as it is handed from function to function: the call, what its arguments mean and how they are shown
/// lie elsewhere. Sound: whoever makes one keeps these in place for as long as it is used (`CallFormatter.show`).
struct CallWriter {
    private let callPlace: UnsafePointer<TracedCall>
    private let shapePlace: UnsafePointer<CallShape>
    private let optionsPlace: UnsafePointer<FormatOptions>

    init(
        _ call: UnsafePointer<TracedCall>, _ shape: UnsafePointer<CallShape>, _ options: UnsafePointer<FormatOptions>
    ) {
        callPlace = call
        shapePlace = shape
        optionsPlace = options
    }

    @inline(__always) var call: TracedCall { callPlace.pointee }
    @inline(__always) var options: FormatOptions { optionsPlace.pointee }
    @inline(__always) var resultKind: ResultKind { shapePlace.pointee.result }
    @inline(__always) var argumentCount: Int { shapePlace.pointee.count }

    /// What an argument means.
    @inline(__always)
    func kind(_ index: Int) -> ArgumentKind { shapePlace.pointee.kinds[index] }

    /// Whether there is nothing that the call wrote: it failed, or has not returned.
    var isWithoutOutput: Bool {
        guard let result = call.result else { return true }
        return CallResult.isError(result)
    }

    // MARK: - Slots: arguments in the order in which they are shown

    /// clone's arguments have names, and an order of their own.
    var isClone: Bool { call.number == 56 }

    /// rt_sigreturn's argument is on the stack.
    private var restoredMask: UInt64? { call.number == 15 ? call.entry.signalMask : nil }

    var slotCount: Int {
        if isClone { return 5 }
        return restoredMask == nil ? argumentCount : 1
    }

    /// The first that is only known after the call; `slotCount` where all are known before.
    var lateSlot: Int {
        if isClone { return 2 }
        if call.number == 435 { return 1 }
        for index in 0..<argumentCount where isLate(index) { return index }
        return slotCount
    }

    private func isLate(_ index: Int) -> Bool {
        guard kind(index).isWritten else { return false }
        // What poll and select change is shown with the result.
        return resultKind != .readyCount
    }

    /// Whether the comma behind the last argument before the call belongs to the call's first half.
    var separatesEarly: Bool { !isClone && call.number != 16 && call.number != 435 }

    func isAnyShown(from first: Int) -> Bool {
        (first..<max(slotCount, first)).contains(where: isShown)
    }

    func isShown(_ slot: Int) -> Bool {
        if isClone { return isCloneShown(slot) }
        if slot >= argumentCount { return restoredMask != nil }
        switch kind(slot) {
        case .absent: return false
        // Only device files have a device.
        case .device: return isDevice(UInt32(truncatingIfNeeded: call.arguments[slot - 1])) || call.number == 136
        default: return true
        }
    }

    @inline(__always)
    func appendSlots(from first: Int, to end: Int, _ text: inout TraceText) {
        var isFirst = true
        for slot in first..<max(end, first) where isShown(slot) {
            if !isFirst { text.append(", ") }
            isFirst = false
            appendSlot(slot, &text)
        }
    }

    @inline(__always)
    func appendSlot(_ slot: Int, _ text: inout TraceText) {
        if isClone { return appendCloneSlot(slot, &text) }
        guard let mask = restoredMask else { return appendArgument(slot, &text) }
        text.append("{mask=")
        SignalName.append(set: mask, &text)
        text.append(byte: UInt8(ascii: "}"))
    }

    // MARK: - Arguments

    /// PATH_MAX without the NUL.
    private static let pathByteCountMax = 4095

    func appendArgument(_ index: Int, _ text: inout TraceText) {
        let value = call.arguments[index]
        switch kind(index) {
        case .integer, .processIdentity: text.append(signed: Int64(Int32(truncatingIfNeeded: value)))
        case .unsigned: text.append(decimal: value & 0xFFFF_FFFF)
        case .long: text.append(signed: Int64(bitPattern: value))
        case .size: text.append(decimal: value)
        case .bits: text.append(bits: value)
        case .mode: text.append(mode: value & 0xFFFF)
        case .fileMode: text.append(fileMode: UInt32(value & 0xFFFF))
        case .device: text.append(device: value)
        case .identity: text.append(identity: UInt32(truncatingIfNeeded: value))
        case .signal: SignalName.append(full: Int32(truncatingIfNeeded: value), &text)
        case .named(let family): append(value, named: family, &text)
        case .placeFlags: append(value, named: placeFlagNames, &text)
        case .descriptor, .directory:
            appendDescriptor(Int32(truncatingIfNeeded: value), isDirectory: kind(index) == .directory, &text)
        case .path, .linkPath: appendString(value, limit: CallWriter.pathByteCountMax, &text)
        case .string: appendString(value, limit: options.stringByteCount, &text)
        case .pointer: text.append(address: value)
        case .input(let content, let extent), .output(let content, let extent), .update(let content, let extent):
            appendMemory(kind(index), content, extent, value, &text)
        case .selected, .absent: text.append(bits: value)
        }
    }

    /// AT_* flags mean other things to some calls.
    private var placeFlagNames: NameFamily {
        switch call.number {
        case 332: return .statxFlags
        case 439: return .accessFlags
        default: return .placeFlags
        }
    }

    private func append(_ value: UInt64, named family: NameFamily, _ text: inout TraceText) {
        switch family {
        case .deviceControl: appendDeviceControl(UInt32(truncatingIfNeeded: value), &text)
        case .futexWakeOperation: appendWakeOperation(UInt32(truncatingIfNeeded: value), &text)
        case .ioPriority: appendPriority(value, &text)
        case .ipcFlags: appendIpcFlags(value, &text)
        // Only asks.
        case .personality where value & 0xFFFF_FFFF == 0xFFFF_FFFF: text.append(hex: 0xFFFF_FFFF)
        default: NameTable.of(family).append(value, &text)
        }
    }

    /// `3`, `3</etc/hosts>`, `AT_FDCWD`.
    func appendDescriptor(_ descriptor: Int32, isDirectory: Bool = false, _ text: inout TraceText) {
        if isDirectory, descriptor == -100 {
            text.append("AT_FDCWD")
        } else {
            text.append(signed: Int64(descriptor))
        }
        appendPath(of: descriptor, call.entry, &text)
    }

    func appendPath(of descriptor: Int32, _ captured: CapturedMemory, _ text: inout TraceText) {
        guard options.showsDescriptorPaths, let path = captured.path(ofDescriptor: descriptor) else { return }
        text.append(byte: UInt8(ascii: "<"))
        text.append(escaped: path, options.hexStrings, alsoEscaping: 0x3E)
        text.append(byte: UInt8(ascii: ">"))
    }

    /// A string up to its NUL, or to the limit.
    func appendString(_ address: UInt64, limit: Int, _ text: inout TraceText) {
        guard let bytes = call.entry.bytes(at: address) else { return text.append(address: address) }
        let end = bytes.firstIndex(of: 0)
        let count = min(end ?? bytes.count, limit)
        text.append(quoted: UnsafeRawBufferPointer(rebasing: bytes[..<count]), options.hexStrings)
        if end == nil || count < end ?? 0 { text.append("...") }
    }
}
