import CGuestEntry
import Glibc

/// Pages of a memory object that are to be copied out of its file.
struct MemoryObjectRun {
    let descriptor: HostDescriptor
    /// Bytes into the file.
    var offset: UInt64
    /// The first page's number in `MemoryObjectSpace`.
    var number: UInt64
    var pageCount: Int

    // lseek(2)'s, which Glibc does not show to Swift.
    private static let seekData: UInt64 = 3
    private static let seekHole: UInt64 = 4

    /// Finds what of a range of a slot has pages: holes are passed over, as they read as zeros in the mirror as well.
    /// At most `left` pages are taken and counted off. Returns where it came to.
    static func find(
        in range: AddressRange, of slot: AddressRange, _ descriptor: HostDescriptor, _ left: inout UInt64,
        into runs: inout [MemoryObjectRun]
    ) -> UInt64 {
        var address = range.start
        while address < range.end, left > 0 {
            // Past the last page there is ENXIO.
            guard let data = seek(descriptor, address - slot.start, seekData), slot.start + data < range.end else {
                return range.end
            }
            let hole = seek(descriptor, data, seekHole) ?? data + pageSize
            let first = max(address, slot.start + roundDownToPage(data))
            let last = min(range.end, slot.start + roundUp(hole))
            let pageCount = min(left, (last - first) / pageSize)
            runs.append(
                MemoryObjectRun(
                    descriptor: descriptor, offset: first - slot.start, number: first / pageSize,
                    pageCount: Int(pageCount)))
            left -= pageCount
            address = first + pageCount * pageSize
        }
        return address
    }

    private static func seek(_ descriptor: HostDescriptor, _ offset: UInt64, _ kind: UInt64) -> UInt64? {
        let found = hostCall(__NR_lseek, UInt64(signed: descriptor.number), offset, kind)
        return found < 0 ? nil : UInt64(found)
    }

    /// Copies the page at `index`; what lies past the file's end is zero. False where nothing is left of it.
    func copy(_ index: Int, to slot: UnsafeMutableRawPointer) -> Bool {
        let count = retryingInterrupts {
            hostCall(
                __NR_pread64, UInt64(signed: descriptor.number), UInt64(address: slot), pageSize,
                offset + UInt64(index) * pageSize)
        }
        if count <= 0 { return false }
        memset(slot + count, 0, Int(pageSize) - count)
        return true
    }
}
