import SyscallShapes
import Testing

@Suite("what is captured of a call")
struct CallCaptureTests {
    private static let write = CallShape([.descriptor, .input(.bytes, .count(2)), .size])
    private static let read = CallShape([.descriptor, .output(.bytes, .result), .size])
    private static let readv = CallShape([.descriptor, .output(.ioVector, .count(2)), .size])

    private func arguments(_ words: UInt64...) -> SyscallArguments {
        var arguments = SyscallArguments(a: 0, b: 0, c: 0, d: 0, e: 0, f: 0)
        for (index, word) in words.enumerated() { arguments[index] = word }
        return arguments
    }

    private func captured(
        _ room: Int = 4096, _ body: (inout SnippetWriter) -> Void, check: (CapturedMemory) throws -> Void
    ) rethrows {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { buffer.deallocate() }
        var writer = SnippetWriter(buffer)
        body(&writer)
        #expect(writer.byteCount % 8 == 0 && writer.byteCount <= room)
        try check(CapturedMemory(writer.written))
    }

    @Test("a buffer that is written: before the call, and no more of it than the limit")
    func input() {
        var memory = FakeMemory()
        let text = memory.put("0123456789")
        let call = arguments(1, text, 10)
        captured {
            CallCapture.entry(Self.write, call, CaptureLimits(stringByteCount: 4), memory, &$0)
            CallCapture.exit(Self.write, call, 10, CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: text).map(Array.init) == Array("0123".utf8))
            #expect($0.bytes(at: text + 1, count: 3).map(Array.init) == Array("123".utf8))
            #expect($0.bytes(at: text, count: 5) == nil)
        }
    }

    @Test("a buffer that is read: after the call, as long as the result, and not where the call failed")
    func output() {
        var memory = FakeMemory()
        let text = memory.put("0123456789")
        let call = arguments(0, text, 10)
        captured {
            CallCapture.entry(Self.read, call, CaptureLimits(), memory, &$0)
            CallCapture.exit(Self.read, call, -11, CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.isEmpty)
        }
        captured {
            CallCapture.exit(Self.read, call, 3, CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: text).map(Array.init) == Array("012".utf8))
        }
    }

    @Test("vectors: what they say before the call, what came into them after it")
    func vectors() {
        var memory = FakeMemory()
        let one = memory.put("abcdefgh")
        let two = memory.put("ijklmnop")
        let vector = memory.put([one, 4, two, 8])
        let call = arguments(0, vector, 2)
        captured {
            CallCapture.entry(Self.readv, call, CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: vector)?.count == 32)
            #expect($0.bytes(at: one) == nil)
        }
        captured {
            CallCapture.exit(Self.readv, call, 6, CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: one).map(Array.init) == Array("abcd".utf8))
            #expect($0.bytes(at: two).map(Array.init) == Array("ij".utf8))
        }
    }

    @Test("paths whole, strings up to the limit and one byte more")
    func strings() {
        var memory = FakeMemory()
        let long = memory.put(String(repeating: "x", count: 300))
        let last = memory.put("end")
        let call = arguments(long, long)
        captured {
            CallCapture.entry(CallShape([.path, .string]), call, CaptureLimits(stringByteCount: 8), memory, &$0)
            CallCapture.entry(CallShape([.path]), arguments(last), CaptureLimits(), memory, &$0)
            CallCapture.entry(CallShape([.path]), arguments(0xdead), CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: long)?.count == 301)
            #expect($0.bytes(at: last).map(Array.init) == Array("end\0".utf8))
            #expect($0.bytes(at: 0xdead) == nil)
        }
    }

    @Test("what does not fit is left out")
    func noRoom() {
        var memory = FakeMemory()
        let text = memory.put("0123456789")
        captured(32) {
            CallCapture.entry(Self.write, arguments(1, text, 10), CaptureLimits(), memory, &$0)
            CallCapture.entry(Self.write, arguments(1, text, 20), CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: text)?.count == 10)
        }
        captured(24) {
            CallCapture.entry(Self.write, arguments(1, text, 10), CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.isEmpty)
        }
    }

    @Test("a directory buffer: only the number of its entries")
    func directory() {
        var memory = FakeMemory()
        let entry: [UInt64] = [1, 2, 24 | 0x61 << 24]
        let buffer = memory.put(entry + entry)
        let shape = CallShape([.descriptor, .output(.directoryEntries, .result), .size])
        captured {
            CallCapture.exit(shape, arguments(3, buffer, 4096), 48, CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.entryCount(at: buffer) == 2)
        }
    }

    @Test("the mask that rt_sigreturn puts in force")
    func signalReturn() {
        var memory = FakeMemory()
        let frame = memory.put([UInt64](repeating: 0, count: 37) + [5])
        captured {
            CallCapture.signalReturn(stackPointer: frame, memory, &$0)
        } check: {
            #expect($0.signalMask == 5)
        }
    }

    @Test("program arguments as strings, the environment as a number")
    func programArguments() {
        var memory = FakeMemory()
        let one = memory.put("ls")
        let vector = memory.put([one, one, 0])
        let shape = CallShape([.input(.stringVector), .input(.environment)])
        captured {
            CallCapture.entry(shape, arguments(vector, vector), CaptureLimits(), memory, &$0)
        } check: {
            #expect($0.bytes(at: vector)?.count == 24)
            #expect($0.bytes(at: one)?.count == 3)
            #expect($0.entryCount(at: vector) == 2)
        }
    }
}
