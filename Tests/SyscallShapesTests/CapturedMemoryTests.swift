import SyscallShapes
import TestSupport
import Testing

@Suite("reading snippets back")
struct CapturedMemoryTests {
    @Test("finds a descriptor's path by its number")
    func descriptorPath() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { buffer.deallocate() }
        var writer = SnippetWriter(buffer)
        let path = Array("/etc/hosts".utf8)
        path.withUnsafeBytes { _ = writer.append(.descriptorPath, 3, $0) }
        let captured = CapturedMemory(writer.written)
        #expect(captured.path(ofDescriptor: 3).map(Array.init) == path)
        #expect(captured.path(ofDescriptor: 4) == nil)
        #expect(captured.bytes(at: 3) == nil)
    }

    @Test("does not read behind its end, whatever the bytes are", arguments: SeededGenerator.seeds(count: 4))
    func garbage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 15, 16, 17, 40, 64, 100] {
            for _ in 0..<200 {
                var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                // Lengths that are nearly right.
                if count >= 16 { bytes.replaceSubrange(9..<16, with: [0, 0, 0, 0, 0, 0, 0]) }
                bytes.withUnsafeBytes {
                    let captured = CapturedMemory($0)
                    let address = count >= 8 ? $0.loadUnaligned(as: UInt64.self) : 0
                    let found = captured.bytes(at: address)
                    #expect((found?.count ?? 0) <= count)
                    #expect(captured.path(ofDescriptor: -1)?.count ?? 0 <= count)
                    #expect(captured.bytes(at: .max, count: .max) == nil)
                }
            }
        }
    }

    @Test("an address near the end of the address space does not wrap into a snippet")
    func wrap() {
        let words: [UInt64] = [.max - 3, 8, 0x1122_3344_5566_7788]
        words.withUnsafeBytes {
            let captured = CapturedMemory($0)
            #expect(captured.bytes(at: .max)?.count == 5)
            #expect(captured.bytes(at: 5) == nil)
        }
    }
}
