import CGuestEntry
import Glibc

/// What an address space keeps while its dirty pages are tracked; under the address space's lock.
struct Tracking {
    /// The kernel's tracker; nil for tracking by signals.
    let protection: WriteProtection?
    /// Tells which pages are there, for tracking by signals.
    let present: PresentPages
    /// The guest's pages whatever their protection: reading them goes past it (FOLL_FORCE, fs/proc/base.c).
    let memory: HostDescriptor

    /// What the mirror has to forget. More ranges than this cost the link more than some pages sent twice.
    var discards = RangeLog(countMax: 4096)

    /// What the tracker does not know of. By the kernel: mappings that are new to the host, whose pages count as
    /// written until they are registered. By signals: pages that the guest can write without anybody noticing, which
    /// is how a page that was written comes to be known.
    var untracked = RangeLog(countMax: 16_384)

    /// Where host calls are writing on the guest's behalf right now; these pages stay open (tracking by signals).
    var held: [AddressRange] = []

    /// Where PAGEMAP_SCAN may go, by the map's version.
    var spans: (version: UInt64, list: [ScanSpan]) = (UInt64.max, [])

    init(_ method: TrackerMethod) throws(TrackerError) {
        present = try PresentPages()
        memory = try HostDescriptor.open("/proc/self/mem").get()
        protection = method == .kernel ? try WriteProtection() : nil
        untracked.addEverything()
    }
}

/// A run of addresses that one PAGEMAP_SCAN goes over.
struct ScanSpan {
    var range: AddressRange
    /// False for shared memory on a host with swap.
    var mustBePresent = true
    /// Whether pages of a private mapping of a file are to be told from the file's own.
    var tellsFiles = false
}

/// Pages that are to be copied.
struct DirtyRun {
    var start: UInt64
    var pageCount: Int
    /// Whether the guest's own protection lets the copy routine read them.
    var isReadable: Bool

    init(_ range: AddressRange, isReadable: Bool) {
        start = range.start
        pageCount = Int(range.pageCount)
        self.isReadable = isReadable
    }
}

extension AddressSpace.State {
    /// The pages in a range were dropped, and read as zeros or as the file's now.
    mutating func noteDiscarded(_ range: AddressRange) {
        tracking?.discards.add(range)
    }

    /// The host has a new mapping at a range, whatever was there before.
    mutating func noteReplaced(_ range: AddressRange) {
        tracking?.discards.add(range)
        tracking?.untracked.add(range)
    }

    /// The host lets the guest write to a range as its areas say: writes are seen only by the kernel's tracker.
    mutating func noteOpened(_ range: AddressRange) {
        if tracking?.protection == nil { tracking?.untracked.add(range) }
    }

    /// Whether writes are found by write-protecting what the guest may write.
    var tracksBySignals: Bool { tracking != nil && tracking?.protection == nil }

    /// What the host's protection is to be where the guest's is `protection`.
    func hostProtection(_ protection: Protection, _ kind: VirtualMemoryArea.Kind) -> Protection {
        guard tracksBySignals, protection.contains(.write), kind.isTracked else { return protection }
        // A page that may be written may be read on x86-64.
        return protection.subtracting(.write).union(.read)
    }
}

extension VirtualMemoryArea.Kind {
    /// Whether the pages are the guest's own, and not those of a file that anybody can read.
    var isTracked: Bool {
        if case .sharedFile = self { return false }
        return true
    }

    /// Whether pages that the host counts as a file's are what a mirror finds in its own file.
    var isPrivateFile: Bool {
        if case .privateFile = self { return true }
        return false
    }

    var isSharedAnonymous: Bool {
        if case .sharedAnonymous = self { return true }
        return false
    }
}
