import Foundation
import GuestLoader
import GuestMemory
import Testing

@Suite("programs of this machine")
struct RealProgramTests {
    private static let candidates = [
        "/bin/true", "/bin/busybox", "/usr/bin/python3.11", "/usr/bin/redis-server", "/lib64/ld-linux-x86-64.so.2",
    ]

    static var present: [String] {
        candidates.filter { FileManager.default.isReadableFile(atPath: $0) }
    }

    private func open(_ path: String) throws -> (file: ElfFile, contents: Data) {
        let contents = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        let header = [UInt8](contents.prefix(64))
        let needed = try ElfFile.requiredHeaderByteCount(of: header)
        let file = try ElfFile(
            parsing: [UInt8](contents.prefix(Int(needed))), fileByteCount: UInt64(contents.count),
            limits: CraftedElf.limits)
        return (file, contents)
    }

    @Test("is accepted and makes sense", arguments: present)
    func accepted(path: String) throws {
        let (file, contents) = try open(path)
        #expect(
            violation(in: file, fileByteCount: UInt64(contents.count), limits: CraftedElf.limits) == nil)
        #expect(!file.stackIsExecutable)
        let entered = file.segments.first { $0.memoryRange.contains(file.entry) }
        #expect(entered?.protection.contains(.execute) == true)
        // AT_PHDR must lead to the table's own bytes.
        let address = try #require(file.programHeaderAddress)
        let holder = try #require(file.segments.first { $0.memoryRange.contains(address) })
        #expect(holder.fileOffset + (address - holder.virtualAddress) == file.programHeaderTable.fileOffset)
    }

    @Test("names the dynamic linker where it has one", arguments: present)
    func interpreter(path: String) throws {
        let (file, contents) = try open(path)
        guard let part = file.interpreter else { return }
        let start = Int(part.offset)
        let bytes = [UInt8](contents[start..<(start + Int(part.byteCount))])
        let name = try ElfFile.interpreterPath(from: bytes)
        #expect(String(decoding: name, as: UTF8.self) == "/lib64/ld-linux-x86-64.so.2")
    }
}
