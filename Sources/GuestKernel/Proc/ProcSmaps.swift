import CGuestEntry
import Glibc
import GuestMemory

/// /proc/self/smaps and smaps_rollup (proc_pid_smaps(5)).
///
/// What is resident is counted page by page. What the host alone could say of a page (shared with whom, referenced,
/// part of a huge page) is given as for private pages of the base size: the guest has no other process to share with.
enum ProcSmaps {
    static func text(_ kernel: GuestKernel) -> [UInt8] {
        let pagemap = ResidentPages.open()
        defer { close(pagemap) }
        var text = ByteText()
        for area in kernel.memory.areas() {
            ProcMaps.append(area, to: &text)
            let sums = Sums(area, ResidentPages(area.range, pagemap: pagemap))
            appendField("Size", sums.sizeKiB, to: &text)
            appendField("KernelPageSize", pageSize >> 10, to: &text)
            appendField("MMUPageSize", pageSize >> 10, to: &text)
            append(sums, to: &text)
            text.append("THPeligible:           0\n")
            text.append("VmFlags: \(flags(of: area))\n")
        }
        return text.bytes
    }

    /// All areas as one, which starts at the lowest and ends at the highest.
    static func rollup(_ kernel: GuestKernel) -> [UInt8] {
        let areas = kernel.memory.areas()
        guard let first = areas.first, let last = areas.last else { return [] }
        let pagemap = ResidentPages.open()
        defer { close(pagemap) }
        var sums = Sums()
        for area in areas { sums.add(Sums(area, ResidentPages(area.range, pagemap: pagemap))) }
        var text = ByteText()
        ProcMaps.appendHeader(
            AddressRange(start: first.range.start, end: last.range.end), "---p", offset: 0, device: 0, inode: 0,
            to: &text)
        text.pad(lineFrom: 0, to: ProcMaps.nameColumn)
        text.append(" [rollup]\n")
        append(sums, isRollup: true, to: &text)
        return text.bytes
    }

    private static func close(_ pagemap: Int32) {
        if pagemap >= 0 { hostCall(__NR_close, UInt64(signed: pagemap)) }
    }

    private struct Sums {
        var sizeKiB: UInt64 = 0
        var residentKiB: UInt64 = 0
        var swappedKiB: UInt64 = 0
        /// Pages of files that were not written to.
        var cleanKiB: UInt64 = 0
        var sharedKiB: UInt64 = 0

        init() {}

        init(_ area: VirtualMemoryArea, _ pages: ResidentPages) {
            sizeKiB = area.range.count >> 10
            residentKiB = pages.presentCount * 4
            swappedKiB = pages.swappedCount * 4
            if area.kind.isShared { sharedKiB = residentKiB } else { cleanKiB = pages.fileCount * 4 }
        }

        mutating func add(_ other: Sums) {
            sizeKiB += other.sizeKiB
            residentKiB += other.residentKiB
            swappedKiB += other.swappedKiB
            cleanKiB += other.cleanKiB
            sharedKiB += other.sharedKiB
        }

        var dirtyKiB: UInt64 { residentKiB - cleanKiB }
        var anonymousKiB: UInt64 { residentKiB - cleanKiB - sharedKiB }
    }

    private static func append(_ sums: Sums, isRollup: Bool = false, to text: inout ByteText) {
        appendField("Rss", sums.residentKiB, to: &text)
        appendField("Pss", sums.residentKiB, to: &text)
        appendField("Pss_Dirty", sums.dirtyKiB, to: &text)
        if isRollup {
            appendField("Pss_Anon", sums.anonymousKiB, to: &text)
            appendField("Pss_File", sums.cleanKiB, to: &text)
            appendField("Pss_Shmem", sums.sharedKiB, to: &text)
        }
        appendField("Shared_Clean", 0, to: &text)
        appendField("Shared_Dirty", 0, to: &text)
        appendField("Private_Clean", sums.cleanKiB, to: &text)
        appendField("Private_Dirty", sums.dirtyKiB, to: &text)
        appendField("Referenced", sums.residentKiB, to: &text)
        appendField("Anonymous", sums.anonymousKiB, to: &text)
        for name in [
            "KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb",
        ] { appendField(name, 0, to: &text) }
        appendField("Swap", sums.swappedKiB, to: &text)
        appendField("SwapPss", sums.swappedKiB, to: &text)
        appendField("Locked", 0, to: &text)
    }

    private static func appendField(_ name: String, _ kibibytes: UInt64, to text: inout ByteText) {
        text.append("\(name):", width: 16)
        text.append(kibibytes, width: 8)
        text.append(" kB\n")
    }

    /// The two-letter flags that the guest's own calls decide.
    private static func flags(of area: VirtualMemoryArea) -> String {
        var flags = ""
        if area.protection.contains(.read) { flags += "rd " }
        if area.protection.contains(.write) { flags += "wr " }
        if area.protection.contains(.execute) { flags += "ex " }
        if area.kind.isShared { flags += "sh " }
        flags += "mr mw me "
        if area.flags.contains(.growsDown) || area.kind == .stack { flags += "gd " }
        return flags
    }
}
