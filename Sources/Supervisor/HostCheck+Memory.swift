import CGuestEntry
import Glibc
import GuestMemory

extension HostCheck {
    static func memoryFeatures() -> [HostFeature] {
        let arena = StartOver.probeArena()
        let minimum = firstLine(of: "/proc/sys/vm/mmap_min_addr")
        var detail = "\(GuestLayout.arena), vm.mmap_min_addr \(minimum ?? "unknown")"
        if arena != 0 { detail = StartOver.explain(Int32(-arena)).message }
        let tracker = trackerResult()
        return [
            HostFeature(
                "addresses for the guest", arena == 0, since: "Linux 4.17 for MAP_FIXED_NOREPLACE", detail: detail,
                isRequired: true),
            HostFeature(
                "userfaultfd async write-protect, PAGEMAP_SCAN", tracker == 0, since: "Linux 6.7",
                detail: tracker == 0 ? "--tracker kernel" : errorText(Int32(-tracker)),
                instead: "--tracker signal: mprotect and SIGSEGV find dirty pages"),
        ]
    }

    static func otherFeatures() -> [HostFeature] {
        let pidfd = hostCall(__NR_pidfd_open, UInt64(hostCall(__NR_getpid)), 0)
        if pidfd >= 0 { hostCall(__NR_close, UInt64(pidfd)) }
        return [
            HostFeature(
                "pidfd", pidfd >= 0, since: "Linux 5.3", detail: "a mirror on this machine sees the primary's end",
                instead: "a process is known by its id and start time"),
            HostFeature(
                "steady time stamp counter", guest_processor_has_steady_counter(), since: "Nehalem or Zen",
                detail: "times of traced calls", instead: "a syscall for each time"),
        ]
    }

    /// Registers a page with a write-protecting userfaultfd in async mode, writes to it, and asks PAGEMAP_SCAN for it.
    /// 0, or the negative errno of what the kernel refused.
    private static func trackerResult() -> Int {
        let opened = hostCall(__NR_userfaultfd, UInt64(O_CLOEXEC | O_NONBLOCK) | userModeOnly)
        if opened < 0 { return opened }
        defer { hostCall(__NR_close, UInt64(opened)) }
        let page = hostCall(
            __NR_mmap, 0, 4096, UInt64(PROT_READ | PROT_WRITE), UInt64(MAP_PRIVATE | MAP_ANONYMOUS),
            UInt64(signed: Int32(-1)), 0)
        if page < 0 { return page }
        defer { hostCall(__NR_munmap, UInt64(page), 4096) }
        // struct uffdio_api: api, features, ioctls.
        var api: (UInt64, UInt64, UInt64) = (0xaa, writeProtectAsync | writeProtectUnpopulated, 0)
        let agreed = hostCall(__NR_ioctl, UInt64(opened), uffdioApi, UInt64(address: &api))
        if agreed < 0 { return agreed }
        // struct uffdio_register: start, length, mode, ioctls.
        var registration: (UInt64, UInt64, UInt64, UInt64) = (UInt64(page), 4096, registerModeWriteProtect, 0)
        let registered = hostCall(__NR_ioctl, UInt64(opened), uffdioRegister, UInt64(address: &registration))
        if registered < 0 { return registered }
        UnsafeMutableRawPointer(bitPattern: page)?.storeBytes(of: 1, as: UInt8.self)
        return writtenPageResult(at: UInt64(page))
    }

    private static func writtenPageResult(at page: UInt64) -> Int {
        let pagemap = "/proc/self/pagemap".withCString { path in
            hostCall(__NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(O_RDONLY | O_CLOEXEC))
        }
        if pagemap < 0 { return pagemap }
        defer { hostCall(__NR_close, UInt64(pagemap)) }
        var region: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &region) { region in
            // struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, and four masks of
            // categories: inverted, mask, anyof, return.
            var scan: [UInt64] = [
                96, scanWriteProtectMatching | scanCheckAsync, page, page + 4096, 0,
                UInt64(address: region.baseAddress), 1, 0, 0, pageIsWritten, 0, pageIsWritten,
            ]
            let found = hostCall(__NR_ioctl, UInt64(pagemap), pagemapScan, UInt64(address: &scan))
            return found == 1 ? 0 : min(found, -Int(ENOTSUP))
        }
    }

    static func firstLine(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // uapi/linux/userfaultfd.h and uapi/linux/fs.h; newer than Debian 12's headers in part.
    private static let userModeOnly: UInt64 = 1
    private static let writeProtectUnpopulated: UInt64 = 1 << 13
    private static let writeProtectAsync: UInt64 = 1 << 15
    private static let registerModeWriteProtect: UInt64 = 2
    private static let uffdioApi: UInt64 = 0xc018_aa3f
    private static let uffdioRegister: UInt64 = 0xc020_aa00
    private static let pagemapScan: UInt64 = 0xc060_6610
    private static let scanWriteProtectMatching: UInt64 = 1
    private static let scanCheckAsync: UInt64 = 2
    private static let pageIsWritten: UInt64 = 2
}
