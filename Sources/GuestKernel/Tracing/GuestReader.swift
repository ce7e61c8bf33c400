import GuestMemory
import Unwinding

extension MemoryReader {
    /// Guest memory.
    static let guest = MemoryReader { address, buffer in
        guard let start = buffer.baseAddress else { return true }
        return GuestAccess.copyIn(start, from: address, count: buffer.count)
    }
}
