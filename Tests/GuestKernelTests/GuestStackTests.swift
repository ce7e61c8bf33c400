import CGuestEntry
import Glibc
import GuestMemory
import TestSupport
import Testing
import Unwinding

@testable import GuestKernel

/// A stack that a test has put into guest memory, above a library that lies there as it does in the test itself.
@Suite("a guest thread's stack")
struct GuestStackTests {
    private static let library = "libc.so.6"

    private struct Mapping {
        let start: UInt64
        let byteCount: UInt64
        let offset: UInt64
        let protection: Protection
        let path: String
    }

    /// The C library's mappings that are not written to, as this process has them.
    private static func mappings() throws -> [Mapping] {
        let text = String(decoding: try allBytes(of: "/proc/self/maps"), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let path = words.last, path.hasSuffix(library), !words[1].contains("w") else { return nil }
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, let offset = UInt64(words[2], radix: 16) else { return nil }
            return Mapping(
                start: ends[0], byteCount: ends[1] - ends[0], offset: offset,
                protection: words[1].contains("x") ? [.read, .execute] : [.read], path: String(path))
        }
    }

    /// To the end: Foundation takes a file of size 0 for done after its first piece, and this process maps a lot.
    private static func allBytes(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            try #require(count >= 0)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Puts them into guest memory: how far an address of the guest's is from the same of this process.
    private static func mapLibrary(_ memory: AddressSpace) throws -> UInt64 {
        let mappings = try mappings()
        let first = try #require(mappings.first)
        let last = try #require(mappings.last)
        let descriptor = open(first.path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        let room = memory.map(
            MappingRequest(
                placement: .anywhere(hint: 0), byteCount: last.start + last.byteCount - first.start, protection: [],
                source: .anonymous))
        try #require(room > 0)
        let distance = UInt64(room) &- first.start
        let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: first.path)
        for mapping in mappings {
            let file = MappedFile(
                hostFD: descriptor, identity: identity, offset: mapping.offset,
                fileByteCount: UInt64(status.st_size), isShared: false, isWritable: false, isRegular: true)
            let address = memory.map(
                MappingRequest(
                    placement: .fixed(mapping.start &+ distance), byteCount: mapping.byteCount,
                    protection: mapping.protection, source: .file(file)))
            try #require(address > 0)
        }
        return distance
    }

    @Test("frames in a library, as far as there is room")
    func frames() throws {
        let kernel = try KernelFixture().kernel
        let distance = try GuestStackTests.mapLibrary(kernel.memory)
        let stack = kernel.memory.map(
            MappingRequest(
                placement: .anywhere(hint: 0), byteCount: 4096, protection: [.read, .write], source: .anonymous))
        try #require(stack > 0)
        let symbol = { (name: String) throws in
            UInt64(UInt(bitPattern: try #require(dlsym(nil, name)))) &+ distance
        }
        // Both have pushed nothing where they begin.
        let (inner, outer) = (try symbol("getppid") + 1, try symbol("getpid") + 1)
        try #require(GuestAccess.store(outer, at: UInt64(stack)))

        let thread = try GuestThread(kernel: kernel, tid: 1, name: [])
        thread.context.pointee.rip = inner
        thread.context.pointee.rsp = UInt64(stack)
        var guestStack = GuestStack()
        var buffer = [UInt8](repeating: 0xff, count: 4096)
        let byteCount = buffer.withUnsafeMutableBytes { guestStack.write(thread, to: $0) }
        var text: [UInt8] = []
        var lines = StackText { path, use in
            let path = String(decoding: path.dropFirst(), as: UTF8.self)
            if let bytes = try? ScratchDirectory(path: "").read(path) { bytes.withUnsafeBytes(use) }
        }
        buffer.withUnsafeBytes { lines.append(UnsafeRawBufferPointer(rebasing: $0[..<byteCount]), to: &text) }
        let found = String(decoding: text, as: UTF8.self).split(separator: "\n")
        try #require(found.count == 2, "\(found)")
        #expect(found[0].contains("\(GuestStackTests.library)(getppid+0x1) [0x"))
        #expect(found[1].contains("getpid+0x1) [0x"))

        let partByteCount = buffer.withUnsafeMutableBytes {
            guestStack.write(thread, to: UnsafeMutableRawBufferPointer(rebasing: $0[..<(byteCount - 1)]))
        }
        #expect(partByteCount == byteCount / 2)
    }
}
