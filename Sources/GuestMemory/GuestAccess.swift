public import CGuestEntry

/// The supervisor's only way to touch guest memory: every access is range-checked against the
/// arena and goes through a copy routine with a fault fixup (architecture, invariant 5).
///
/// Sound because the routines in copy.S tolerate any guest address, and the range check keeps a
/// guest's pointer from ever reaching the supervisor's own memory.
public enum GuestAccess {
    /// Whether `[address, address + count)` lies wholly below the arena's end. Mapped or not is
    /// for the copy routine, or the kernel, to find out.
    @inlinable
    @inline(__always)
    public static func isInRange(_ address: UInt64, _ count: Int) -> Bool {
        let (end, overflow) = address.addingReportingOverflow(UInt64(UInt(bitPattern: count)))
        return count >= 0 && !overflow && end <= GuestLayout.arenaEnd
    }

    /// Whether a buffer may be handed to the host's kernel: it starts in the guest, and its length does not
    /// reach past user space, which the kernel's access_ok looks at before it shortens the length.
    @inlinable
    @inline(__always)
    public static func mayPass(_ address: UInt64, _ count: UInt64) -> Bool {
        let (end, overflow) = address.addingReportingOverflow(count)
        return address < GuestLayout.arenaEnd && !overflow && end < 1 << 47
    }

    /// Copies guest bytes into host memory; false for EFAULT.
    @inlinable
    public static func copyIn(_ destination: UnsafeMutableRawPointer, from address: UInt64, count: Int) -> Bool {
        guard isInRange(address, count) else { return false }
        if count == 0 { return true }
        return guest_copy(destination, UnsafeRawPointer(bitPattern: UInt(address)), count) == 0
    }

    /// Copies host bytes into guest memory; false for EFAULT.
    @inlinable
    public static func copyOut(to address: UInt64, _ source: UnsafeRawPointer, count: Int) -> Bool {
        guard isInRange(address, count) else { return false }
        if count == 0 { return true }
        if guest_copy(UnsafeMutableRawPointer(bitPattern: UInt(address)), source, count) == 0 { return true }
        return afterOpening(address, count) {
            guest_copy(UnsafeMutableRawPointer(bitPattern: UInt(address)), source, count) == 0
        }
    }

    /// Makes a refused write again for as long as its pages were closed only for tracking: a collection that runs
    /// beside the guest may close them once more in between.
    @usableFromInline
    static func afterOpening(_ address: UInt64, _ count: Int, _ write: () -> Bool) -> Bool {
        for _ in 0..<openingsMax {
            guard TrackedWrites.open(address, count: count) else { return false }
            if write() { return true }
        }
        return false
    }

    private static let openingsMax = 16

    /// Fills guest memory with one byte value; false for EFAULT.
    public static func fill(_ address: UInt64, with value: UInt8, count: Int) -> Bool {
        guard isInRange(address, count) else { return false }
        if count == 0 { return true }
        let write = { guest_fill(UnsafeMutableRawPointer(bitPattern: UInt(address)), value, count) == 0 }
        return write() || afterOpening(address, count, write)
    }

    /// Reads a plain value at `address`, which need not be aligned; nil for EFAULT.
    @inlinable
    public static func load<Value: BitwiseCopyable>(_ type: Value.Type, at address: UInt64) -> Value? {
        withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
            let pointer = UnsafeMutableRawPointer(buffer.baseAddress!)
            guard copyIn(pointer, from: address, count: MemoryLayout<Value>.size) else { return nil }
            return buffer[0]
        }
    }

    /// Writes a plain value at `address`; false for EFAULT.
    @inlinable
    public static func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64) -> Bool {
        withUnsafeBytes(of: value) { bytes in
            copyOut(to: address, bytes.baseAddress!, count: MemoryLayout<Value>.size)
        }
    }

    /// Reads `count` plain values; nil for EFAULT. Allocates: not for the hot paths.
    public static func loadArray<Value: BitwiseCopyable>(
        _ type: Value.Type, at address: UInt64, count: Int
    ) -> [Value]? {
        let byteCount = count * MemoryLayout<Value>.stride
        var complete = false
        let values = [Value](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            if count == 0 {
                complete = true
            } else {
                complete = copyIn(UnsafeMutableRawPointer(buffer.baseAddress!), from: address, count: byteCount)
            }
            initializedCount = complete ? count : 0
        }
        return complete ? values : nil
    }

    /// Writes plain values one after the other; false for EFAULT.
    public static func storeArray<Value: BitwiseCopyable>(_ values: [Value], at address: UInt64) -> Bool {
        values.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            return copyOut(to: address, base, count: bytes.count)
        }
    }

    /// One aligned 32-bit word; nil for EFAULT.
    @inlinable
    public static func loadWord(at address: UInt64) -> UInt32? {
        guard isInRange(address, 4) else { return nil }
        var value: UInt32 = 0
        guard guest_load32(UnsafePointer(bitPattern: UInt(address)), &value) == 0 else { return nil }
        return value
    }

    /// Writes one aligned 32-bit word, whole at once for whoever reads it; false for EFAULT.
    public static func storeWord(_ value: UInt32, at address: UInt64) -> Bool {
        guard isInRange(address, 4) else { return false }
        let write = { guest_store32(UnsafeMutablePointer(bitPattern: UInt(address)), value) == 0 }
        return write() || afterOpening(address, 4, write)
    }

    /// Atomically replaces the 32-bit word at `address` when it is `expected`. Returns what was
    /// found there (equal to `expected` when replaced), or nil for EFAULT.
    public static func compareExchangeWord(
        at address: UInt64, expected: UInt32, desired: UInt32
    ) -> UInt32? {
        guard isInRange(address, 4) else { return nil }
        var found = expected
        let pointer = UnsafeMutablePointer<UInt32>(bitPattern: UInt(address))
        if guest_compare_exchange32(pointer, &found, desired) == 0 { return found }
        let isExchanged = afterOpening(address, 4) {
            found = expected
            return guest_compare_exchange32(pointer, &found, desired) == 0
        }
        return isExchanged ? found : nil
    }

    /// Why a string could not be read.
    public enum StringFailure: Error, Equatable {
        case fault
        case tooLong
    }

    /// Reads a NUL-terminated string of fewer than `limit` bytes, without its NUL.
    public static func string(at address: UInt64, limit: Int) throws(StringFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var cursor = address
        while bytes.count < limit {
            // Up to the end of the page: the next one may not be mapped.
            let chunk = min(Int(4096 - (cursor & 4095)), limit - bytes.count, 256)
            guard let part = loadArray(UInt8.self, at: cursor, count: chunk) else { throw .fault }
            if let end = part.firstIndex(of: 0) {
                bytes.append(contentsOf: part[..<end])
                return bytes
            }
            bytes.append(contentsOf: part)
            cursor += UInt64(chunk)
        }
        throw .tooLong
    }
}
