import SyscallShapes

/// clone and clone3, whose arguments have names.
extension CallWriter {
    // CLONE_PIDFD, CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID and CLONE_CHILD_SETTID.
    private static let hasDescriptor: UInt64 = 0x1000
    private static let hasThreadArea: UInt64 = 0x8_0000
    private static let hasParentPlace: UInt64 = 0x10_0000
    private static let hasChildPlace: UInt64 = 0x120_0000

    func isCloneShown(_ slot: Int) -> Bool {
        let flags = call.arguments.a
        switch slot {
        case 2: return flags & (CallWriter.hasParentPlace | CallWriter.hasDescriptor) != 0
        case 3: return flags & CallWriter.hasThreadArea != 0
        case 4: return flags & CallWriter.hasChildPlace != 0
        default: return true
        }
    }

    func appendCloneSlot(_ slot: Int, _ text: inout TraceText) {
        switch slot {
        case 0:
            text.append("child_stack=")
            text.append(address: call.arguments.b)
        case 1:
            text.append("flags=")
            appendCloneFlags(call.arguments.a, &text)
        case 2:
            text.append("parent_tid=")
            appendNumberPlace(call.arguments.c, &text)
        case 3:
            text.append("tls=")
            text.append(address: call.arguments.e)
        default:
            text.append("child_tidptr=")
            text.append(address: call.arguments.d)
        }
    }

    /// The signal at the child's end is part of the flags.
    private func appendCloneFlags(_ flags: UInt64, _ text: inout TraceText) {
        let signal = flags & 0xFF
        if flags & ~0xFF != 0 || signal == 0 {
            NameTable.cloneFlags.append(flags & ~0xFF, &text)
            if signal == 0 { return }
            text.append(byte: UInt8(ascii: "|"))
        }
        SignalName.append(full: Int32(signal), &text)
    }

    /// ` => {parent_tid=[5]}`: what clone3 left for the new thread's parent.
    func appendCloned(_ text: inout TraceText) {
        guard call.number == 435, !isWithoutOutput,
            let fields = call.entry.bytes(at: call.arguments.a, count: 32)
        else { return }
        let flags = fields.uint64(0)
        let descriptor = flags & CallWriter.hasDescriptor == 0 ? nil : call.exit.load(Int32.self, at: fields.uint64(8))
        let parent = flags & CallWriter.hasParentPlace == 0 ? nil : call.exit.load(Int32.self, at: fields.uint64(24))
        if descriptor == nil, parent == nil { return }
        text.append(" => {")
        if let descriptor {
            text.append("pidfd=[")
            text.append(signed: Int64(descriptor))
            text.append(parent == nil ? "]" : "], ")
        }
        if let parent {
            text.append("parent_tid=[")
            text.append(signed: Int64(parent))
            text.append(byte: UInt8(ascii: "]"))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendNumberPlace(_ address: UInt64, _ text: inout TraceText) {
        guard address != 0, let number = call.exit.load(Int32.self, at: address), !isWithoutOutput else {
            return text.append(address: address)
        }
        text.append(byte: UInt8(ascii: "["))
        text.append(signed: Int64(number))
        text.append(byte: UInt8(ascii: "]"))
    }

    /// clone3's structure.
    func appendCloneArguments(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let flags = fields.uint64(0)
        text.append("{flags=")
        NameTable.cloneFlags.append(flags, &text)
        if flags & CallWriter.hasDescriptor != 0 {
            text.append(", pidfd=")
            text.append(address: fields.uint64(8))
        }
        if flags & CallWriter.hasChildPlace != 0 {
            text.append(", child_tid=")
            text.append(address: fields.uint64(16))
        }
        if flags & CallWriter.hasParentPlace != 0 {
            text.append(", parent_tid=")
            text.append(address: fields.uint64(24))
        }
        text.append(", exit_signal=")
        SignalName.append(full: Int32(truncatingIfNeeded: fields.uint64(32)), &text)
        text.append(", stack=")
        text.append(address: fields.uint64(40))
        text.append(", stack_size=")
        text.append(bits: fields.uint64(48))
        if flags & CallWriter.hasThreadArea != 0 {
            text.append(", tls=")
            text.append(address: fields.uint64(56))
        }
        text.append(byte: UInt8(ascii: "}"))
    }
}
