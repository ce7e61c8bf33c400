import SyscallShapes

/// Times.
extension CallWriter {
    func appendTime(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        switch content {
        case .timespec: appendPair(fields, "{tv_sec=", ", tv_nsec=", &text)
        case .timeval: appendPair(fields, "{tv_sec=", ", tv_usec=", &text)
        case .fileTimes: appendFileTimes(fields, &text)
        case .intervalSpec: appendInterval(.timespec, fields, &text)
        case .intervalValue: appendInterval(.timeval, fields, &text)
        case .timezone:
            text.append("{tz_minuteswest=")
            text.append(signed: Int64(fields.int32(0)))
            text.append(", tz_dsttime=")
            text.append(signed: Int64(fields.int32(4)))
            text.append(byte: UInt8(ascii: "}"))
        case .processTimes: appendProcessTimes(fields, &text)
        default: appendAdjustment(fields, &text)
        }
    }

    private func appendPair(
        _ fields: UnsafeRawBufferPointer, _ first: StaticString, _ second: StaticString, _ text: inout TraceText
    ) {
        text.append(first)
        text.append(signed: fields.int64(0))
        text.append(second)
        text.append(signed: fields.int64(8))
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendInterval(
        _ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText
    ) {
        text.append("{it_interval=")
        appendTime(content, fields.part(0, 16), &text)
        text.append(", it_value=")
        appendTime(content, fields.part(16, 16), &text)
        text.append(byte: UInt8(ascii: "}"))
    }

    /// One of a file's times: in words, or as a moment.
    func appendFileTime(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        if content == .timespec {
            if fields.int64(8) == 0x3FFF_FFFF { return text.append("UTIME_NOW") }
            if fields.int64(8) == 0x3FFF_FFFE { return text.append("UTIME_OMIT") }
        }
        appendTime(content, fields, &text)
        let scale: Int64 = content == .timespec ? 1 : 1000
        guard fields.int64(8) >= 0, fields.int64(8) < 1_000_000_000 / scale else { return }
        text.append(momentComment: fields.int64(0), nanoseconds: UInt64(fields.int64(8) * scale))
    }

    private func appendFileTimes(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{actime=")
        appendMoment(fields.int64(0), &text)
        text.append(", modtime=")
        appendMoment(fields.int64(8), &text)
        text.append(byte: UInt8(ascii: "}"))
    }

    func appendMoment(_ seconds: Int64, _ text: inout TraceText) {
        text.append(signed: seconds)
        text.append(momentComment: seconds)
    }

    private func appendProcessTimes(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let names: InlineArray<4, StaticString> = ["{tms_utime=", ", tms_stime=", ", tms_cutime=", ", tms_cstime="]
        for index in names.indices {
            text.append(names[index])
            SignalText.append(ticks: fields.int64(index * 8), &text)
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendAdjustment(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{modes=")
        text.append(bits: UInt64(fields.uint32(0)))
        text.append(", offset=")
        text.append(signed: fields.int64(8))
        text.append(", freq=")
        text.append(signed: fields.int64(16))
        text.append(", maxerror=")
        text.append(decimal: fields.uint64(24))
        text.append(", esterror=")
        text.append(decimal: fields.uint64(32))
        text.append(", status=")
        NameTable.clockStatus.append(UInt64(fields.uint32(40)), &text)
        let names: InlineArray<3, StaticString> = [", constant=", ", precision=", ", tolerance="]
        for index in names.indices {
            text.append(names[index])
            text.append(signed: fields.int64(48 + index * 8))
        }
        text.append(", time=")
        appendTime(.timeval, fields.part(72, 16), &text)
        text.append(", tick=")
        text.append(signed: fields.int64(88))
        let counters: InlineArray<9, StaticString> = [
            ", ppsfreq=", ", jitter=", ", shift=", ", stabil=", ", jitcnt=", ", calcnt=", ", errcnt=", ", stbcnt=",
            ", tai=",
        ]
        for index in counters.indices {
            text.append(counters[index])
            // `shift` and `tai` are an int each.
            let isInt = index == 2 || index == 8
            text.append(signed: isInt ? Int64(fields.int32(96 + index * 8)) : fields.int64(96 + index * 8))
        }
        text.append(byte: UInt8(ascii: "}"))
    }
}
