import SyscallShapes

/// Files and terminals.
extension CallWriter {
    func appendFileStructure(_ content: MemoryContent, _ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        switch content {
        case .status: appendStatus(fields, &text)
        case .extendedStatus: appendExtendedStatus(fields, &text)
        case .fileSystemStatus: appendFileSystem(fields, &text)
        case .fileLock: appendLock(fields, &text)
        case .fileOwner:
            text.append("{type=")
            NameTable.ownerTypes.append(UInt64(fields.uint32(0)), &text)
            text.append(", pid=")
            text.append(signed: Int64(fields.int32(4)))
            text.append(byte: UInt8(ascii: "}"))
        case .terminal: appendTerminal(fields, &text)
        case .windowSize: appendWindowSize(fields, &text)
        default: appendWords(fields, &text)
        }
    }

    private func appendStatus(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(byte: UInt8(ascii: "{"))
        if options.isUnabbreviated {
            text.append("st_dev=")
            text.append(device: fields.uint64(0))
            text.append(", st_ino=")
            text.append(decimal: fields.uint64(8))
            text.append(", ")
        }
        let mode = fields.uint32(24)
        text.append("st_mode=")
        text.append(fileMode: mode)
        if options.isUnabbreviated { appendOwnership(fields, &text) }
        if isDevice(mode) {
            text.append(", st_rdev=")
            text.append(device: fields.uint64(40))
        } else {
            text.append(", st_size=")
            text.append(signed: fields.int64(48))
        }
        if options.isUnabbreviated { appendFileTimes(fields, &text) } else { text.append(", ...") }
        text.append(byte: UInt8(ascii: "}"))
    }

    func isDevice(_ mode: UInt32) -> Bool {
        mode & 0o170000 == 0o020000 || mode & 0o170000 == 0o060000
    }

    private func appendOwnership(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(", st_nlink=")
        text.append(decimal: fields.uint64(16))
        text.append(", st_uid=")
        text.append(decimal: UInt64(fields.uint32(28)))
        text.append(", st_gid=")
        text.append(decimal: UInt64(fields.uint32(32)))
        text.append(", st_blksize=")
        text.append(signed: fields.int64(56))
        text.append(", st_blocks=")
        text.append(signed: fields.int64(64))
    }

    private func appendFileTimes(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let names: InlineArray<3, StaticString> = ["st_atime", "st_mtime", "st_ctime"]
        for index in names.indices {
            let seconds = fields.int64(72 + index * 16)
            let nanoseconds = fields.uint64(80 + index * 16)
            text.append(", ")
            text.append(names[index])
            text.append(byte: UInt8(ascii: "="))
            text.append(signed: seconds)
            text.append(momentComment: seconds, nanoseconds: nanoseconds)
            text.append(", ")
            text.append(names[index])
            text.append("_nsec=")
            text.append(decimal: nanoseconds)
        }
    }

    private func appendFileSystem(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{f_type=")
        NameTable.fileSystems.append(fields.uint64(0), &text)
        let names: InlineArray<6, StaticString> = [
            ", f_bsize=", ", f_blocks=", ", f_bfree=", ", f_bavail=", ", f_files=", ", f_ffree=",
        ]
        for index in names.indices {
            text.append(names[index])
            text.append(decimal: fields.uint64(8 + index * 8))
        }
        text.append(", f_fsid={val=[")
        text.append(bits: UInt64(fields.uint32(56)))
        text.append(", ")
        text.append(bits: UInt64(fields.uint32(60)))
        text.append("]}, f_namelen=")
        text.append(decimal: fields.uint64(64))
        text.append(", f_frsize=")
        text.append(decimal: fields.uint64(72))
        text.append(", f_flags=")
        NameTable.fileSystemFlags.append(fields.uint64(80), &text)
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendLock(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{l_type=")
        NameTable.lockType.append(UInt64(fields.uint16(0)), &text)
        text.append(", l_whence=")
        NameTable.whence.append(UInt64(fields.uint16(2)), &text)
        text.append(", l_start=")
        text.append(signed: fields.int64(8))
        text.append(", l_len=")
        text.append(signed: fields.int64(16))
        // F_GETLK, F_OFD_GETLK: whose lock it is.
        if call.arguments.int(1) == 5 || call.arguments.int(1) == 36 {
            text.append(", l_pid=")
            text.append(signed: Int64(fields.int32(24)))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    private func appendTerminal(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{c_iflag=")
        NameTable.terminalInput.append(UInt64(fields.uint32(0)), &text)
        text.append(", c_oflag=")
        NameTable.appendDelays(UInt64(fields.uint32(4)), &text)
        NameTable.terminalOutput.append(more: UInt64(fields.uint32(4) & 0xFF), &text)
        text.append(", c_cflag=")
        NameTable.terminalSpeed.append(UInt64(fields.uint32(8) & 0x100F), &text)
        text.append(byte: UInt8(ascii: "|"))
        NameTable.characterSize.append(UInt64(fields.uint32(8) & 0x30), &text)
        NameTable.terminalControl.append(more: UInt64(fields.uint32(8) & ~0x103F), &text)
        text.append(", c_lflag=")
        NameTable.terminalLocal.append(UInt64(fields.uint32(12)), &text)
        text.append(", ...}")
    }

    private func appendWindowSize(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        let names: InlineArray<4, StaticString> = ["{ws_row=", ", ws_col=", ", ws_xpixel=", ", ws_ypixel="]
        for index in names.indices {
            text.append(names[index])
            text.append(decimal: UInt64(fields.uint16(index * 2)))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    /// A structure of words that no program of this time looks at by name.
    private func appendWords(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append(byte: UInt8(ascii: "{"))
        for offset in stride(from: 0, to: fields.count, by: 8) {
            if offset > 0 { text.append(", ") }
            text.append(decimal: fields.uint64(offset))
        }
        text.append(byte: UInt8(ascii: "}"))
    }

    func appendOpenHow(_ fields: UnsafeRawBufferPointer, _ text: inout TraceText) {
        text.append("{flags=")
        NameTable.openFlags.append(fields.uint64(0), &text)
        if fields.uint64(8) != 0 || fields.uint64(0) & 0x40_0040 != 0 {
            text.append(", mode=")
            text.append(mode: fields.uint64(8))
        }
        text.append(", resolve=")
        NameTable.resolveFlags.append(fields.uint64(16), &text)
        text.append(byte: UInt8(ascii: "}"))
    }
}
