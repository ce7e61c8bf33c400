import CGuestEntry
import Glibc

/// Which pages of this process are there, by /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst). The bits
/// that are used need no privilege.
struct PresentPages {
    private let pagemap: HostDescriptor

    struct Page {
        /// The page is a file's or shared memory's own, not a private copy.
        var isFile: Bool
        /// In memory or in swap; always, unless pages that are not there were asked for.
        var isThere: Bool
    }

    init() throws(TrackerError) {
        pagemap = try HostDescriptor.open("/proc/self/pagemap").get()
    }

    /// Calls `body` with the address of every page in a range that is in memory or in swap.
    func forEach(in range: AddressRange, _ body: (UInt64, Page) -> Void) throws(TrackerError) {
        try forEachEntry(in: range) { address, page in
            if page.isThere { body(address, page) }
        }
    }

    /// The same with every page.
    func forEachEntry(in range: AddressRange, _ body: (UInt64, Page) -> Void) throws(TrackerError) {
        try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2048) { entries throws(TrackerError) in
            var address = range.start
            while address < range.end {
                let count = min(entries.count, Int((range.end - address) / pageSize))
                try read(address, UnsafeMutableBufferPointer(rebasing: entries[..<count]))
                for entry in entries[..<count] {
                    let isThere = entry & (Self.isPresent | Self.isSwapped) != 0
                    body(address, Page(isFile: entry & Self.isFile != 0, isThere: isThere))
                    address += pageSize
                }
            }
        }
    }

    private func read(
        _ address: UInt64, _ entries: UnsafeMutableBufferPointer<UInt64>
    ) throws(TrackerError) {
        let byteCount = entries.count * 8
        let result = retryingInterrupts {
            hostCall(
                __NR_pread64, UInt64(signed: pagemap.number), UInt64(address: entries.baseAddress), UInt64(byteCount),
                address / pageSize * 8)
        }
        if result != byteCount {
            throw TrackerError("/proc/self/pagemap cannot be read", errno: Int32(result < 0 ? -result : 0))
        }
    }

    private static let isPresent: UInt64 = 1 << 63
    private static let isSwapped: UInt64 = 1 << 62
    private static let isFile: UInt64 = 1 << 61
}
