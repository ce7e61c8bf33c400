import CGuestEntry
import Glibc

/// A run of memory that is zero and takes none until it is written, for tables that may become large.
public final class PageSlab: @unchecked Sendable {
    // Sound as unchecked: the run itself never changes; what is in it is its owner's affair.
    public let bytes: UnsafeMutableRawBufferPointer

    /// - Parameter byteCount: 0 for none at all.
    public init(byteCount: Int) throws(StagingError) {
        if byteCount == 0 {
            bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return
        }
        let mapped = hostCall(
            __NR_mmap, 0, UInt64(byteCount), UInt64(PROT_READ | PROT_WRITE),
            UInt64(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), UInt64(signed: Int32(-1)), 0)
        guard mapped > 0, let start = UnsafeMutableRawPointer(bitPattern: mapped) else {
            throw StagingError(pageCount: byteCount / Int(pageSize), errno: Int32(-mapped))
        }
        HostMemory.keepFromChildren(start, byteCount)
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        hostCall(__NR_munmap, UInt64(address: start), UInt64(bytes.count))
    }
}
