import Testing

@testable import CallSites

/// Finding and replacing call sites in machine code, without running any.
@Suite("call sites")
struct CallSiteTests {
    private static let start: UInt64 = 0x40_1000

    /// Bytes at `start`, as a function of that length, or of all of them.
    private static func function(_ bytes: [UInt8], byteCount: Int? = nil) -> FunctionCode? {
        FunctionCode(bytes, at: start, byteCount: byteCount ?? bytes.count)
    }

    /// mov $110, %eax; syscall; ret
    private static let usual: [UInt8] = [0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3]

    @Test("mov $number, %eax before it: the five bytes become a jump, and the syscall stays")
    func usual() throws {
        let code = try #require(CallSiteTests.function(CallSiteTests.usual))
        let site = try #require(CallSite(returningTo: 0x40_1007, in: code))
        #expect(site.address == 0x40_1000 && site.returnAddress == 0x40_1007)
        #expect(site.number == 110 && site.island == nil && site.displaced == Array(CallSiteTests.usual[..<5]))
        #expect(site.patches(to: 0x40_2000) == [CallSite.Patch(address: 0x40_1000, bytes: [0xe9, 0xfb, 0x0f, 0, 0])])
        #expect(site.restoration == [CallSite.Patch(address: 0x40_1000, bytes: Array(CallSiteTests.usual[..<5]))])
        #expect(site.patches(to: 0x1_0040_2000) == nil)
    }

    @Test("stubs: the way out, and the answer")
    func stubs() throws {
        let code = try #require(CallSiteTests.function(CallSiteTests.usual))
        let site = try #require(CallSite(returningTo: 0x40_1007, in: code))
        let leaving = try #require(CallStub(leavingFrom: site, at: 0x40_2000, leaveOffset: 0x128))
        #expect(
            leaving.bytes == [
                0xb8, 110, 0, 0, 0, 0x48, 0x8d, 0x0d, 0xfb, 0xef, 0xff, 0xff, 0x65, 0xff, 0x24, 0x25, 0x28, 0x01, 0, 0,
            ])
        let answering = try #require(CallStub(answering: site, at: 0x40_2000, valueOffset: 0x138))
        #expect(
            answering.bytes == [
                0x65, 0x8b, 0x04, 0x25, 0x38, 0x01, 0, 0, 0x48, 0x8d, 0x0d, 0xf8, 0xef, 0xff, 0xff, 0xe9, 0xf3, 0xef,
                0xff, 0xff,
            ])
    }

    @Test("a shorter instruction: a short jump to nops that nothing runs into")
    func island() throws {
        // xor %eax, %eax; syscall; ret; nopw (10 bytes); nop
        let bytes: [UInt8] = [0x31, 0xc0, 0x0f, 0x05, 0xc3, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x90]
        let code = try #require(CallSiteTests.function(bytes, byteCount: 5))
        let site = try #require(CallSite(returningTo: 0x40_1004, in: code))
        #expect(site.island == CallSite.Island(address: 0x40_1005, original: Array(bytes[5...])))
        #expect(site.number == nil)
        let patches = try #require(site.patches(to: 0x40_2000))
        #expect(
            patches == [
                CallSite.Patch(
                    address: 0x40_1005, bytes: [0xe9, 0xf6, 0x0f, 0, 0] + [UInt8](repeating: 0x90, count: 6)),
                CallSite.Patch(address: 0x40_1000, bytes: [0xeb, 0x03]),
            ])
        // What is left behind is read as before by the next site that looks.
        var after = bytes
        after.replaceSubrange(5..., with: patches[0].bytes)
        after.replaceSubrange(0..<2, with: patches[1].bytes)
        #expect(CallSiteTests.function(after, byteCount: 5) != nil)
    }

    @Test(
        "what cannot be moved stays",
        arguments: [
            // Nops that the code runs into.
            [0x31, 0xc0, 0x0f, 0x05, 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0xc3],
            // A function begins with them (-fpatchable-function-entry): ret; 11 bytes; here it begins; 5 bytes.
            [0x31, 0xc0, 0x0f, 0x05, 0xc3] + [UInt8](repeating: 0x90, count: 16) + [0xc3],
            // Too few of them.
            [0x31, 0xc0, 0x0f, 0x05, 0xc3, 0x0f, 0x1f, 0x40, 0],
            // One byte: push %rax.
            [0x50, 0x0f, 0x05, 0xc3, 0x0f, 0x1f, 0x44, 0, 0],
            // mov 0x10(%rip), %eax
            [0x8b, 0x05, 0x10, 0, 0, 0, 0x0f, 0x05, 0xc3],
            // je over the next, which is none.
            [0x74, 0x00, 0x0f, 0x05, 0xc3, 0x0f, 0x1f, 0x44, 0, 0],
            // Nothing before it.
            [0x0f, 0x05, 0xc3],
            // Somebody jumps into the middle of mov: jmp .+3 … mov $1, %eax
            [0xeb, 0x02, 0x90, 0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf8],
        ] as [[UInt8]])
    func refused(_ bytes: [UInt8]) throws {
        let code = try #require(CallSiteTests.function(bytes))
        for end in 2...bytes.count {
            #expect(CallSite(returningTo: CallSiteTests.start + UInt64(end), in: code) == nil)
        }
    }

    @Test("Go's one place for most calls: a jump to the breakpoints that its linker puts between functions")
    func breakpoints() throws {
        // mov %rcx, %rsi; mov %rbx, %rdi; syscall; ret; int3 …
        let code: [UInt8] = [0x48, 0x89, 0xce, 0x48, 0x89, 0xdf, 0x0f, 0x05, 0xc3]
        let bytes = code + [UInt8](repeating: 0xcc, count: 7)
        let function = try #require(CallSiteTests.function(bytes, byteCount: code.count))
        let site = try #require(CallSite(returningTo: 0x40_1008, in: function))
        #expect(site.address == 0x40_1003 && site.displaced == [0x48, 0x89, 0xdf])
        #expect(site.island == CallSite.Island(address: 0x40_1009, original: Array(bytes[9...])))
        // One that is run stays what it is: a call that does not return may come before it.
        let reached: [UInt8] = [0x31, 0xc0, 0x0f, 0x05, 0xe8, 0, 0, 0, 0] + [UInt8](repeating: 0xcc, count: 7)
        let other = try #require(CallSiteTests.function(reached))
        #expect(CallSite(returningTo: 0x40_1004, in: other) == nil)
    }

    @Test("bytes that are a part of something else are no call site")
    func falsePattern() throws {
        // movl $0x10, -0x48(%rsp), of which the tail is mov $…, %eax; then syscall (gvisor#10849).
        let bytes: [UInt8] = [0xc7, 0x44, 0x24, 0xb8, 0x10, 0, 0, 0, 0x0f, 0x05, 0xc3]
        let code = try #require(CallSiteTests.function(bytes))
        let site = try #require(CallSite(returningTo: CallSiteTests.start + 10, in: code))
        #expect(site.address == CallSiteTests.start && site.displaced.count == 8 && site.number == nil)
        // Nothing is left of it that could be read as something else.
        let patch = try #require(site.patches(to: 0x40_2000)?.first)
        #expect(patch.bytes.count == 8 && patch.bytes[5...] == [0x90, 0x90, 0x90])
        #expect(site.restoration == [CallSite.Patch(address: site.address, bytes: site.displaced)])
        // A syscall inside another instruction: mov $0x050f, %eax
        let hidden = try #require(CallSiteTests.function([0xb8, 0x0f, 0x05, 0, 0, 0xc3]))
        #expect(CallSite(returningTo: CallSiteTests.start + 3, in: hidden) == nil)
        #expect(CallSiteTests.function([0x06, 0x0f, 0x05]) == nil)
    }

    @Test("without a table of functions: where all ways to read it agree")
    func surroundings() throws {
        // Some way into ordinary code: pushes, moves, a call, then the site.
        let before: [UInt8] = [UInt8](repeating: 0x90, count: 50) + [0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x10]
        let place = CallSiteTests.start + UInt64(before.count) + 5
        let code = try #require(
            FunctionCode(before + CallSiteTests.usual, at: CallSiteTests.start, around: place))
        let site = try #require(CallSite(returningTo: place + 2, in: code))
        #expect(site.number == 110 && site.address == place - 5)
        // The same bytes as the end of a longer instruction, which half of the ways to read it find.
        let doubtful: [UInt8] = [UInt8](repeating: 0xc7, count: 60) + [0x44, 0x24] + CallSiteTests.usual
        let there = CallSiteTests.start + UInt64(doubtful.count) - 3
        let other = FunctionCode(doubtful, at: CallSiteTests.start, around: there)
        let found = other.flatMap { CallSite(returningTo: there + 2, in: $0) }
        #expect(found?.number != 110)
    }
}
