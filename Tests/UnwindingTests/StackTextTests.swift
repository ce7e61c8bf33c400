import Testing

@testable import Unwinding

/// Records of frames, and the lines they become.
@Suite("stacks as text")
struct StackTextTests {
    private static func record(_ address: UInt64, _ offset: UInt64, _ path: String, isInterrupted: Bool = false)
        -> [UInt8]
    {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { room in
            let count = Array(path.utf8).withUnsafeBytes {
                StackRecord.write(
                    StackFrame(address: address, isInterrupted: isInterrupted), fileOffset: offset, path: $0, to: room)
            }
            return Array(room[..<(count ?? 0)])
        }
    }

    @Test("a record is what was written")
    func roundTrip() throws {
        let bytes =
            StackTextTests.record(0x1234, 0x34, "/bin/sh", isInterrupted: true)
            + StackTextTests.record(1, 2, "12345678")
        #expect(bytes.count == 24 + 8 + 24 + 8)
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            let first = try #require(StackRecord(&rest))
            #expect(first.frame == StackFrame(address: 0x1234, isInterrupted: true) && first.fileOffset == 0x34)
            #expect(first.path.elementsEqual("/bin/sh".utf8))
            let second = try #require(StackRecord(&rest))
            #expect(second.frame == StackFrame(address: 1, isInterrupted: false) && second.fileOffset == 2)
            #expect(second.path.elementsEqual("12345678".utf8))
            #expect(StackRecord(&rest) == nil)
        }
    }

    @Test("no room: nothing is written")
    func noRoom() {
        withUnsafeTemporaryAllocation(byteCount: 31, alignment: 8) { room in
            let count = [1].withUnsafeBytes {
                StackRecord.write(StackFrame(address: 1, isInterrupted: false), fileOffset: 0, path: $0, to: room)
            }
            #expect(count == nil)
        }
    }

    @Test("lines without names")
    func lines() {
        var text = StackText { _, _ in }
        var lines: [UInt8] = []
        let records = StackTextTests.record(0x7f00, 0x1f, "/bin/sh") + StackTextTests.record(0xfeed_f00d, 0, "")
        records.withUnsafeBytes { text.append($0, to: &lines) }
        #expect(
            String(decoding: lines, as: UTF8.self) == """
                 > /bin/sh() [0x1f]
                 > unexpected_backtracing_error [0xfeedf00d]

                """)
    }

    @Test("as many frames as there may be: a line says so")
    func tooMany() {
        var text = StackText { _, _ in }
        var lines: [UInt8] = []
        let records = (0..<StackWalker.frameCountMax).flatMap { _ in StackTextTests.record(1, 1, "/a") }
        records.withUnsafeBytes { text.append($0, to: &lines) }
        #expect(String(decoding: lines, as: UTF8.self).hasSuffix("]\n > too many stack frames\n"))
    }

    @Test("a file is read once")
    func cache() {
        var paths: [[UInt8]] = []
        withExtendedLifetime(paths) {
            var text = StackText { path, _ in paths.append(path) }
            var lines: [UInt8] = []
            for path in ["/a", "/b", "[vdso]", "/a", "/a", "/b"] {
                StackTextTests.record(1, 1, path).withUnsafeBytes { text.append($0, to: &lines) }
            }
        }
        #expect(paths == [Array("/a".utf8), Array("/b".utf8)])
    }
}
