import SyscallShapes

/// Processes and the machine.
extension CallWriter {
    func appendProcessStructure(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        switch content {
        case .resourceLimit:
            text.append("{rlim_cur=")
            appendLimit(fields.uint64(0), &text)
            text.append(", rlim_max=")
            appendLimit(fields.uint64(8), &text)
            text.append(byte: UInt8(ascii: "}"))
        case .resourceUsage: appendUsage(fields, &text)
        case .systemInformation: appendSystem(fields, &text)
        case .systemNames: appendNames(fields, &text)
        case .capabilityHeader:
            text.append("{version=")
            NameTable.capabilityVersions.append(UInt64(fields.uint32(0)), &text)
            text.append(", pid=")
            text.append(signed: Int64(fields.int32(4)))
            text.append(byte: UInt8(ascii: "}"))
        case .capabilityData: appendCapabilities(fields, &text)
        case .credentials:
            text.append("{pid=")
            text.append(signed: Int64(fields.int32(0)))
            text.append(", uid=")
            text.append(identity: fields.uint32(4))
            text.append(", gid=")
            text.append(identity: fields.uint32(8))
            text.append(byte: UInt8(ascii: "}"))
        default:
            text.append("{l_onoff=")
            text.append(signed: Int64(fields.int32(0)))
            text.append(", l_linger=")
            text.append(signed: Int64(fields.int32(4)))
            text.append(byte: UInt8(ascii: "}"))
        }
    }

    private func appendLimit(_ value: UInt64, _ text: inout TraceText) {
        if value == .max { return text.append("RLIM64_INFINITY") }
        if value > 1024, value % 1024 == 0 {
            text.append(decimal: value / 1024)
            text.append("*1024")
        } else {
            text.append(decimal: value)
        }
    }

    private func appendUsage(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{ru_utime=")
        appendTime(.timeval, fields.part(0, 16), &text)
        text.append(", ru_stime=")
        appendTime(.timeval, fields.part(16, 16), &text)
        if !options.isUnabbreviated { return text.append(", ...}") }
        let names: InlineArray<14, StaticString> = [
            "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock", "msgsnd",
            "msgrcv", "nsignals", "nvcsw", "nivcsw",
        ]
        for index in names.indices {
            text.append(", ru_")
            text.append(names[index])
            text.append(byte: UInt8(ascii: "="))
            text.append(decimal: fields.uint64(32 + index * 8))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendSystem(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{uptime=")
        text.append(signed: fields.int64(0))
        text.append(", loads=[")
        for offset in stride(from: 8, to: 32, by: 8) {
            if offset > 8 { text.append(", ") }
            text.append(decimal: fields.uint64(offset))
        }
        let names: InlineArray<6, StaticString> = [
            "], totalram=", ", freeram=", ", sharedram=", ", bufferram=", ", totalswap=", ", freeswap=",
        ]
        for index in names.indices {
            text.append(names[index])
            text.append(decimal: fields.uint64(32 + index * 8))
        }
        text.append(", procs=")
        text.append(decimal: UInt64(fields.uint16(80)))
        text.append(", totalhigh=")
        text.append(decimal: fields.uint64(88))
        text.append(", freehigh=")
        text.append(decimal: fields.uint64(96))
        text.append(", mem_unit=")
        text.append(decimal: UInt64(fields.uint32(104)))
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendNames(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let names: InlineArray<6, StaticString> = [
            "{sysname=", ", nodename=", ", release=", ", version=", ", machine=", ", domainname=",
        ]
        for index in 0..<(options.isUnabbreviated ? 6 : 2) {
            text.append(names[index])
            text.append(quoted: fields.part(index * 65, 65).beforeNul, options.hexStrings)
        }
        text.append(options.isUnabbreviated ? "}" : ", ...}")
    }

    private func appendCapabilities(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let names: InlineArray<3, StaticString> = ["{effective=", ", permitted=", ", inheritable="]
        for index in names.indices {
            text.append(names[index])
            append(capabilities: UInt64(fields.uint32(index * 4)) | UInt64(fields.uint32(12 + index * 4)) << 32, &text)
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func append(capabilities: UInt64, _ text: inout TraceText) {
        if capabilities == 0 { return text.append(byte: UInt8(ascii: "0")) }
        var rest = capabilities
        while rest != 0 {
            if rest != capabilities { text.append(byte: UInt8(ascii: "|")) }
            text.append("1<<")
            NameTable.capability.append(UInt64(rest.trailingZeroBitCount), &text)
            rest &= rest - 1
        }
    }

    func appendSchedulingAttributes(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{size=")
        text.append(decimal: UInt64(fields.uint32(0)))
        text.append(", sched_policy=")
        NameTable.schedulingPolicy.append(UInt64(fields.uint32(4)), &text)
        text.append(", sched_flags=")
        text.append(bits: fields.uint64(8))
        text.append(", sched_nice=")
        text.append(signed: Int64(fields.int32(16)))
        text.append(", sched_priority=")
        text.append(decimal: UInt64(fields.uint32(20)))
        let names: InlineArray<3, StaticString> = [", sched_runtime=", ", sched_deadline=", ", sched_period="]
        for index in names.indices {
            text.append(names[index])
            text.append(decimal: fields.uint64(24 + index * 8))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    /// FUTEX_WAKE_OP's third word: an operation and a comparison.
    func appendWakeOperation(_ word: UInt32, _ text: inout TraceText) {
        if word & 0x8000_0000 != 0 { text.append("FUTEX_OP_OPARG_SHIFT<<28|") }
        NameTable.futexArithmetic.append(UInt64(word >> 28 & 7), &text)
        text.append("<<28|")
        text.append(bits: UInt64(word >> 12 & 0xFFF))
        text.append("<<12|")
        NameTable.futexComparisons.append(UInt64(word >> 24 & 15), &text)
        text.append("<<24|")
        text.append(bits: UInt64(word & 0xFFF))
    }

    /// An I/O priority: a class and a level in it (linux/ioprio.h).
    func appendPriority(_ value: UInt64, _ text: inout TraceText) {
        text.append("IOPRIO_PRIO_VALUE(")
        NameTable.ioPriority.append(value >> 13 & 0x7_FFFF, &text)
        text.append(", ")
        text.append(decimal: value & 0x1FFF)
        text.append(byte: UInt8(ascii: ")"))
    }

    func appendIpcFlags(_ flags: UInt64, _ text: inout TraceText) {
        if flags & 0xFFFF_FE00 != 0 {
            NameTable.ipcFlags.append(flags & ~0o777, &text)
            text.append(byte: UInt8(ascii: "|"))
        }
        text.append(mode: flags & 0o777)
    }
}
