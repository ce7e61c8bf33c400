import Glibc
import GuestMemory

/// /proc/self/maps (proc_pid_maps(5)).
enum ProcMaps {
    static func text(_ kernel: GuestKernel) -> [UInt8] {
        var text = ByteText()
        for area in kernel.memory.areas() { append(area, to: &text) }
        return text.bytes
    }

    /// One area's line, as show_map_vma() in fs/proc/task_mmu.c writes it.
    static func append(_ area: VirtualMemoryArea, to text: inout ByteText) {
        let start = text.bytes.count
        appendHeader(
            area.range, "\(area.protection)\(area.kind.isShared ? "s" : "p")", offset: area.kind.offset,
            device: device(of: area), inode: inode(of: area), to: &text)
        let name = name(of: area)
        if !name.isEmpty {
            text.pad(lineFrom: start, to: nameColumn)
            text.append(" ")
            text.append(name)
        }
        text.append("\n")
    }

    /// Where a name begins: seq_setwidth's 25 + 6 * sizeof(void *) - 1, and a space.
    static let nameColumn = 72

    static func appendHeader(
        _ range: AddressRange, _ permissions: String, offset: UInt64, device: UInt64, inode: UInt64,
        to text: inout ByteText
    ) {
        text.append(range.start, radix: 16, width: 8, fill: "0")
        text.append("-")
        text.append(range.end, radix: 16, width: 8, fill: "0")
        text.append(" \(permissions) ")
        text.append(offset, radix: 16, width: 8, fill: "0")
        text.append(" ")
        // Encoded as makedev(3) has it.
        text.append(device >> 8 & 0xfff | device >> 32 & 0xffff_f000, radix: 16, width: 2, fill: "0")
        text.append(":")
        text.append(device & 0xff | device >> 12 & 0xffff_ff00, radix: 16, width: 2, fill: "0")
        text.append(" \(inode) ")
    }

    private static func device(of area: VirtualMemoryArea) -> UInt64 {
        if case .sharedAnonymous = area.kind { return sharedMemoryDevice }
        return area.kind.file?.device ?? 0
    }

    private static func inode(of area: VirtualMemoryArea) -> UInt64 {
        if case .sharedAnonymous(let object, _) = area.kind { return object }
        return area.kind.file?.inode ?? 0
    }

    /// The kernel keeps shared anonymous memory in a tmpfs of its own, by and large the first device made.
    private static let sharedMemoryDevice: UInt64 = 1

    private static func name(of area: VirtualMemoryArea) -> [UInt8] {
        switch area.kind {
        case .stack: return Array("[stack]".utf8)
        case .heap: return Array("[heap]".utf8)
        case .sharedAnonymous: return Array("/dev/zero (deleted)".utf8)
        case .privateFile(let file, _, _), .sharedFile(let file, _, _): return escaped(file.path)
        case .anonymous: return area.name.map { Array("[anon:\($0)]".utf8) } ?? []
        }
    }

    /// A newline in a path is written as \012.
    private static func escaped(_ path: String) -> [UInt8] {
        guard path.utf8.contains(UInt8(ascii: "\n")) else { return Array(path.utf8) }
        return path.utf8.flatMap { $0 == UInt8(ascii: "\n") ? Array("\\012".utf8) : [$0] }
    }
}
