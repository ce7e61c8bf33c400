import SyscallShapes

/// Memory of one piece for captures: what lies outside cannot be copied.
struct FakeMemory: CaptureSource {
    static let base: UInt64 = 0x10_0000
    var bytes: [UInt8] = []

    /// Puts bytes at the end, aligned to 8, and says where they are.
    mutating func put(_ added: [UInt8]) -> UInt64 {
        while bytes.count % 8 != 0 { bytes.append(0) }
        defer { bytes += added }
        return FakeMemory.base + UInt64(bytes.count)
    }

    mutating func put(_ text: String) -> UInt64 { put(Array(text.utf8) + [0]) }

    mutating func put(_ words: [UInt64]) -> UInt64 {
        put(words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }

    func copy(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard address >= FakeMemory.base, address < FakeMemory.base + UInt64(bytes.count) else { return 0 }
        let start = Int(address - FakeMemory.base)
        let count = min(buffer.count, bytes.count - start)
        for index in 0..<count { buffer[index] = bytes[start + index] }
        return count
    }
}
