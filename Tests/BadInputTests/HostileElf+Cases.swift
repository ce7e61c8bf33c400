import Testing

/// One damage to an executable's headers.
struct HeaderDamage: Sendable, CustomTestStringConvertible {
    let what: String
    let elf: HostileElf

    init(_ what: String, _ change: (inout HostileElf) -> Void) {
        self.what = what
        elf = HostileElf.with(change)
    }

    init(_ what: String, _ elf: HostileElf) {
        self.what = what
        self.elf = elf
    }

    var testDescription: String { what }
}

extension HeaderDamage {
    /// Files that must be turned down with exit status 126.
    static let refused: [HeaderDamage] = header + placement + sizes + interpreters

    private static let header = [
        HeaderDamage("32-bit") { $0.fileClass = 1 },
        HeaderDamage("no such class") { $0.fileClass = 7 },
        HeaderDamage("big-endian") { $0.byteOrder = 2 },
        HeaderDamage("for AArch64") { $0.machine = 183 },
        HeaderDamage("for i386") { $0.machine = 3 },
        HeaderDamage("an object file") { $0.type = 1 },
        HeaderDamage("a core file") { $0.type = 4 },
        HeaderDamage("no program headers") { $0.entryCount = 0 },
        HeaderDamage("65535 program headers") { $0.entryCount = 65535 },
        HeaderDamage("more program headers than the file holds") { $0.entryCount = 200 },
        HeaderDamage("program headers of 55 bytes") { $0.entryByteCount = 55 },
        HeaderDamage("program headers of 0 bytes") { $0.entryByteCount = 0 },
        HeaderDamage("program headers of 64 bytes") { $0.entryByteCount = 64 },
        HeaderDamage("program headers behind the file's end") { $0.tableOffset = 1 << 40 },
        HeaderDamage("program headers behind all files' end") { $0.tableOffset = .max - 10 },
        HeaderDamage("nothing to load") { elf in
            for index in elf.segments.indices { elf.segments[index].type = 4 }
        },
    ]

    private static let placement = [
        HeaderDamage("where the kernel puts the supervisor") { $0.segments[1].address = 0x5555_5555_4000 },
        HeaderDamage("where the kernel puts its libraries") { $0.segments[1].address = 0x7fff_f7d0_0000 },
        HeaderDamage("where the kernel puts its stack") { $0.segments[1].address = 0x7fff_ffff_0000 },
        HeaderDamage("over the end of the guest's addresses") { elf in
            elf.segments[1].address = 0x1fff_ffff_f000
            elf.segments[1].memoryByteCount = 0x10_0000
        },
        HeaderDamage("just past the guest's addresses") { $0.segments[1].address = 0x2000_0000_0000 },
        HeaderDamage("past user space") { $0.segments[1].address = 0x8000_0000_0000 },
        HeaderDamage("in the kernel") { $0.segments[1].address = 0xffff_ffff_8100_0000 },
        HeaderDamage("at the very end") { $0.segments[1].address = 0xffff_ffff_ffff_f000 },
        HeaderDamage("at address 0") { elf in
            elf.segments[0].address = 0
            elf.segments[1].address = 0x1000
        },
        HeaderDamage("overlapping segments") { $0.segments[1].address = 0x40_0000 },
        HeaderDamage("segments in the wrong order") { elf in
            elf.segments.swapAt(0, 1)
        },
        HeaderDamage("an entry point in the supervisor") { $0.entry = 0x5555_5555_5000 },
        HeaderDamage("an entry point in the kernel") { $0.entry = 0xffff_ffff_8100_0000 },
        HeaderDamage("an entry point that is no address") { $0.entry = 0x8000_0000_0000_1000 },
        HeaderDamage("an offset that cannot be mapped") { $0.segments[1].offset += 0x10 },
    ]

    private static let sizes = [
        HeaderDamage("more of the file than it has") { $0.segments[1].fileByteCount = 0x10_0000 },
        HeaderDamage("an offset behind the file's end") { $0.segments[1].offset = 0x100_0000 },
        HeaderDamage("an offset that wraps around") { $0.segments[1].offset = .max - 0xfff },
        HeaderDamage("less memory than file") { $0.segments[1].memoryByteCount = 0x10 },
        HeaderDamage("64 TiB of memory") { $0.segments[1].memoryByteCount = 1 << 46 },
        HeaderDamage("memory that wraps around") { $0.segments[1].memoryByteCount = .max - 0x1000 },
        HeaderDamage(
            "64 TiB of memory at any address",
            {
                var elf = HostileElf.positionIndependent
                elf.segments[1].memoryByteCount = 1 << 46
                return elf
            }()),
    ]

    private static let interpreters = [
        HeaderDamage("an interpreter that is missing", .interpreted(by: Array("/no/such/ld.so\0".utf8))),
        HeaderDamage("an interpreter that is a directory", .interpreted(by: Array("/etc\0".utf8))),
        HeaderDamage("an interpreter that is no ELF file", .interpreted(by: Array("/etc/passwd\0".utf8))),
        HeaderDamage("an interpreter without a name", .interpreted(by: [0])),
        HeaderDamage("an interpreter's name without an end", .interpreted(by: Array("/lib64/ld.so".utf8))),
        HeaderDamage(
            "an interpreter's name behind the file's end",
            {
                var elf = HostileElf.interpreted(by: Array("/lib64/ld.so\0".utf8))
                elf.segments[0].offset = 1 << 40
                return elf
            }()),
        HeaderDamage(
            "an interpreter's name that is endless",
            {
                var elf = HostileElf.interpreted(by: Array("/lib64/ld.so\0".utf8))
                elf.segments[0].fileByteCount = 1 << 40
                return elf
            }()),
    ]

    /// Files that Linux starts, and that end at once by a signal.
    static let fatal = [
        HeaderDamage("an entry point at 0") { $0.entry = 0 },
        HeaderDamage("an entry point that is not mapped") { $0.entry = 0x1234_5678 },
        HeaderDamage("code that may not be executed") { $0.segments[1].flags = 6 },
        HeaderDamage("code that may do nothing") { $0.segments[1].flags = 0 },
    ]
}
