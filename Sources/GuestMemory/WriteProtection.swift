import CGuestEntry
import Glibc

/// userfaultfd's asynchronous write protection and PAGEMAP_SCAN: the kernel lifts a page's protection at its first
/// write and remembers that it did (Documentation/admin-guide/mm/pagemap.rst and userfaultfd.rst; Linux 6.7).
final class WriteProtection: Sendable {
    private let faults: HostDescriptor
    private let pagemap: HostDescriptor
    /// What a scan finds. Sound: used under the address space's lock, and by the one who probes. (Allocated for each of
    /// a scan's spans it would be 96 KiB each time.)
    nonisolated(unsafe) private let found: UnsafeMutableBufferPointer<Region>
    nonisolated(unsafe) private let told: UnsafeMutableBufferPointer<Region>

    /// Regions that one PAGEMAP_SCAN reports at most: 96 KiB of them. The kernel allocates room for them in each call,
    /// half a microsecond for the many, so that few are asked for where there may be few.
    private static let regionCountMax = 4096
    static let fewRegions = 64
    /// The same of pages that were found before.
    private static let toldCountMax = 256

    /// One run of pages that PAGEMAP_SCAN reports: struct page_region.
    struct Region: BitwiseCopyable {
        var start: UInt64
        var end: UInt64
        var categories: UInt64

        /// The pages are a file's or shared memory's own, not a private copy.
        var isFile: Bool { categories & WriteProtection.pageIsFile != 0 }
    }

    /// What a scan found, good until the next of its kind, and where it stopped.
    struct Scan {
        var regions: Slice<UnsafeMutableBufferPointer<Region>>
        var end: UInt64
    }

    init() throws(TrackerError) {
        found = .allocate(capacity: WriteProtection.regionCountMax)
        told = .allocate(capacity: WriteProtection.toldCountMax)
        // USER_MODE_ONLY needs no privilege whatever vm.unprivileged_userfaultfd says; faults of the kernel's own on
        // guest memory are resolved asynchronously all the same.
        let opened = hostCall(__NR_userfaultfd, UInt64(O_CLOEXEC | O_NONBLOCK) | Self.userModeOnly)
        if opened < 0 { throw TrackerError("userfaultfd was refused", errno: Int32(-opened)) }
        faults = HostDescriptor(Int32(opened))
        pagemap = try HostDescriptor.open("/proc/self/pagemap").get()
        // struct uffdio_api: api, features, ioctls. WP_ASYNC covers files and shared memory by itself.
        var api: (UInt64, UInt64, UInt64) = (0xaa, Self.writeProtectAsync | Self.writeProtectUnpopulated, 0)
        let agreed = control(faults, Self.uffdioApi, &api)
        if agreed < 0 {
            throw TrackerError("userfaultfd has no asynchronous write protection", errno: Int32(-agreed))
        }
    }

    deinit {
        told.deallocate()
        found.deallocate()
    }

    var descriptor: Int32 { faults.number }

    /// Has writes to every mapping in a range noted from now on. Mappings that are registered stay as they are.
    func register(_ range: AddressRange) -> Int {
        // struct uffdio_register: range, mode, ioctls.
        var argument: (UInt64, UInt64, UInt64, UInt64) = (range.start, range.count, Self.modeWriteProtect, 0)
        return control(faults, Self.uffdioRegister, &argument)
    }

    /// Lifts the protection of every page in a registered range, so that all that are there count as written.
    ///
    /// Pages moved by mremap(2) keep their mark before Linux 6.14 although their new mapping is not registered, and
    /// could be written unseen.
    func unprotect(_ range: AddressRange) -> Int {
        // struct uffdio_writeprotect: range, mode.
        var argument: (UInt64, UInt64, UInt64) = (range.start, range.count, 0)
        return control(faults, Self.uffdioWriteProtect, &argument)
    }

    /// Finds pages that were written, and protects them again in the same step where `protects` says so.
    ///
    /// - Parameters:
    ///   - mustBePresent: leave out pages that were never touched: all of those count as written, and marking them
    ///     takes page tables. Not for shared memory that may have been swapped out, which is not present either.
    ///   - pageCountMax: 0 for no limit.
    ///   - mayBeMany: whether room for many regions is worth its price.
    /// - Returns: or an error, EPERM where a mapping in the range is not registered.
    func scan(
        _ range: AddressRange, mustBePresent: Bool, pageCountMax: UInt64, mayBeMany: Bool, protects: Bool = true
    ) throws(TrackerError) -> Scan {
        // A page that was only read may be the zero page, which says nothing that a page not there does not say.
        let presence = mustBePresent ? Self.pageIsPresent | Self.pageIsSwapped : 0
        // struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, and the masks of categories:
        // inverted, mask, anyof, return.
        var argument: InlineArray<12, UInt64> = [
            96, Self.checkAsync | (protects ? Self.writeProtectMatching : 0), range.start, range.end, 0,
            UInt64(address: found.baseAddress), UInt64(mayBeMany ? found.count : Self.fewRegions), pageCountMax,
            Self.pageIsZero, Self.pageIsWritten | Self.pageIsZero, presence, 0,
        ]
        return try scan(&argument, found)
    }

    /// Finds the pages that are there, and has regions say whether they are a file's own. That makes the kernel look at
    /// every page's struct page, 30 ns a page instead of 3: for what a scan has found, not for all.
    func tellFiles(_ range: AddressRange) throws(TrackerError) -> Scan {
        var argument: InlineArray<12, UInt64> = [
            96, 0, range.start, range.end, 0, UInt64(address: told.baseAddress), UInt64(told.count), 0,
            0, 0, Self.pageIsPresent | Self.pageIsSwapped, Self.pageIsFile,
        ]
        return try scan(&argument, told)
    }

    private func scan(
        _ argument: inout InlineArray<12, UInt64>, _ regions: UnsafeMutableBufferPointer<Region>
    ) throws(TrackerError) -> Scan {
        let count = control(pagemap, Self.pagemapScan, &argument)
        if count < 0 {
            let range = AddressRange(start: argument[2], end: argument[3])
            throw TrackerError("PAGEMAP_SCAN of \(range) was refused", errno: Int32(-count))
        }
        return Scan(regions: regions.prefix(count), end: argument[4])
    }

    private func control<Argument: BitwiseCopyable>(
        _ descriptor: HostDescriptor, _ request: UInt64, _ argument: inout Argument
    ) -> Int {
        withUnsafeMutableBytes(of: &argument) { bytes in
            hostCall(__NR_ioctl, UInt64(signed: descriptor.number), request, UInt64(address: bytes.baseAddress))
        }
    }

    // uapi/linux/userfaultfd.h and uapi/linux/fs.h; newer than Debian 12's headers in part.
    private static let userModeOnly: UInt64 = 1
    private static let writeProtectUnpopulated: UInt64 = 1 << 13
    private static let writeProtectAsync: UInt64 = 1 << 15
    private static let modeWriteProtect: UInt64 = 2
    private static let uffdioApi: UInt64 = 0xc018_aa3f
    private static let uffdioRegister: UInt64 = 0xc020_aa00
    private static let uffdioWriteProtect: UInt64 = 0xc018_aa06
    private static let pagemapScan: UInt64 = 0xc060_6610
    private static let writeProtectMatching: UInt64 = 1
    private static let checkAsync: UInt64 = 2
    private static let pageIsWritten: UInt64 = 1 << 1
    private static let pageIsFile: UInt64 = 1 << 2
    private static let pageIsPresent: UInt64 = 1 << 3
    private static let pageIsSwapped: UInt64 = 1 << 4
    private static let pageIsZero: UInt64 = 1 << 5
}

extension WriteProtection {
    /// Tries it on a page; what is missing, or nil.
    static func probe() -> TrackerError? {
        let mapped = hostCall(
            __NR_mmap, 0, pageSize, UInt64(PROT_READ | PROT_WRITE), UInt64(MAP_PRIVATE | MAP_ANONYMOUS),
            UInt64(signed: Int32(-1)), 0)
        if mapped < 0 { return TrackerError("no page to try it on", errno: Int32(-mapped)) }
        defer { hostCall(__NR_munmap, UInt64(mapped), pageSize) }
        let page = AddressRange(start: UInt64(mapped), count: pageSize)
        do {
            let protection = try WriteProtection()
            let registered = protection.register(page)
            if registered < 0 {
                return TrackerError("userfaultfd does not protect memory", errno: Int32(-registered))
            }
            UnsafeMutableRawPointer(bitPattern: mapped)?.storeBytes(of: 1, as: UInt8.self)
            let scan = try protection.scan(page, mustBePresent: true, pageCountMax: 0, mayBeMany: false)
            return scan.regions.count == 1 ? nil : TrackerError("PAGEMAP_SCAN missed a written page")
        } catch {
            return error
        }
    }
}
