import SyscallShapes

/// statx(2)'s structure.
extension CallWriter {
    func appendExtendedStatus(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let isWhole = options.isUnabbreviated
        text.append("{stx_mask=")
        NameTable.statxMask.append(UInt64(fields.uint32(0)), &text)
        if isWhole { append("stx_blksize", UInt64(fields.uint32(4)), &text) }
        text.append(", stx_attributes=")
        NameTable.statxAttributes.append(fields.uint64(8), &text)
        if isWhole {
            append("stx_nlink", UInt64(fields.uint32(16)), &text)
            append("stx_uid", UInt64(fields.uint32(20)), &text)
            append("stx_gid", UInt64(fields.uint32(24)), &text)
        }
        text.append(", stx_mode=")
        text.append(fileMode: UInt32(fields.uint16(28)))
        if isWhole { append("stx_ino", fields.uint64(32), &text) }
        append("stx_size", fields.uint64(40), &text)
        if isWhole { appendRest(fields, &text) } else { text.append(", ...") }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func append(_ name: StaticString, _ value: UInt64, _ text: inout TraceText) {
        text.append(", ")
        text.append(name)
        text.append(byte: UInt8(ascii: "="))
        text.append(decimal: value)
    }

    private func appendRest(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        append("stx_blocks", fields.uint64(48), &text)
        text.append(", stx_attributes_mask=")
        NameTable.statxAttributes.append(fields.uint64(56), &text)
        appendTime(", stx_atime=", fields.part(64, 16), &text)
        // STATX_BTIME
        if fields.uint32(0) & 0x800 != 0 { appendTime(", stx_btime=", fields.part(80, 16), &text) }
        appendTime(", stx_ctime=", fields.part(96, 16), &text)
        appendTime(", stx_mtime=", fields.part(112, 16), &text)
        append("stx_rdev_major", UInt64(fields.uint32(128)), &text)
        append("stx_rdev_minor", UInt64(fields.uint32(132)), &text)
        append("stx_dev_major", UInt64(fields.uint32(136)), &text)
        append("stx_dev_minor", UInt64(fields.uint32(140)), &text)
        // STATX_MNT_ID
        if fields.uint32(0) & 0x1000 == 0 { return }
        text.append(", stx_mnt_id=")
        text.append(bits: fields.uint64(144))
    }

    private func appendTime(_ name: StaticString, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let seconds = fields.int64(0)
        let nanoseconds = UInt64(fields.uint32(8))
        text.append(name)
        text.append("{tv_sec=")
        text.append(signed: seconds)
        text.append(", tv_nsec=")
        text.append(decimal: nanoseconds)
        text.append(byte: UInt8(ascii: "}"))
        text.append(momentComment: seconds, nanoseconds: nanoseconds)
    }
}
