import CGuestEntry
import Glibc
import GuestMemory

/// How many of a range's pages are in memory, by what the host's pagemap says.
struct ResidentPages {
    var presentCount: UInt64 = 0
    var swappedCount: UInt64 = 0
    /// Present pages that are a file's or shared memory's.
    var fileCount: UInt64 = 0

    // Documentation/admin-guide/mm/pagemap.rst
    private static let present: UInt64 = 1 << 63
    private static let swapped: UInt64 = 1 << 62
    private static let isOfFile: UInt64 = 1 << 61

    /// Entries read at once: 32 MiB of addresses.
    private static let entryCountMax = 8192

    static func open() -> Int32 {
        Int32(HostFile.open(Array("/proc/self/pagemap".utf8), flags: O_RDONLY))
    }

    /// - Parameter pagemap: what `open` gave; a negative one counts nothing.
    init(_ range: AddressRange, pagemap: Int32) {
        guard pagemap >= 0 else { return }
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.entryCountMax) { entries in
            var page = range.start / pageSize
            while page < range.end / pageSize {
                let wanted = min(UInt64(Self.entryCountMax), range.end / pageSize - page)
                let byteCount = hostCall(
                    __NR_pread64, UInt64(signed: pagemap), UInt64(address: entries.baseAddress), wanted * 8, page * 8)
                guard byteCount >= 8 else { return }
                for entry in entries[..<(byteCount / 8)] { count(entry) }
                page += UInt64(byteCount / 8)
            }
        }
    }

    private mutating func count(_ entry: UInt64) {
        if entry & Self.present != 0 {
            presentCount += 1
            if entry & Self.isOfFile != 0 { fileCount += 1 }
        } else if entry & Self.swapped != 0 {
            swappedCount += 1
        }
    }
}
