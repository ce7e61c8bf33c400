import GuestMemory
import Unwinding

/// Guest memory, for what walks a stack in it.
struct GuestReader: ReadableMemory {
    func copy(_ address: UInt64, to buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let start = buffer.baseAddress else { return true }
        return GuestAccess.copyIn(start, from: address, count: buffer.count)
    }
}
