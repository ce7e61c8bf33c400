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

    /// Files in memory that only the guest has.
    var objects = MemoryObjectTable()

    /// Whether other processes may store into shared memory, and what the mirror was given of that last.
    var isSharedWithChildren = false
    var lastShared: SharedPages?

    /// Where PAGEMAP_SCAN has to go.
    var passes = ScanPasses()
    /// What the last collection left open; nil where others may be open, too.
    var open: OpenPages?
    /// Pages were opened since the last collection began, maybe behind it: the next one finds them.
    var isReopened = false
    /// Where it finds pages that were written while others were being copied.
    var rewritten = Tracking.noRewrittenRegions
    /// Where it finds pages that were written since the last one.
    var likely = LikelyPages()

    /// They are noted anew after each search in vain: of a whole page table at once, which takes little more than the
    /// call.
    static let noRewrittenRegions = WrittenRegions(roundedByteCount: 2 << 20)

    init(_ method: TrackerMethod) throws(TrackerError) {
        present = try PresentPages()
        memory = try HostDescriptor.open("/proc/self/mem").get()
        protection = method == .kernel ? try WriteProtection() : nil
        untracked.addEverything()
    }
}

/// Pages that are to be copied.
struct DirtyRun {
    var start: UInt64
    var pageCount: Int
    /// The first page's number in the epoch: that of a memory object's is not where the guest sees it.
    var number: UInt64
    /// Whether the guest's own protection lets the copy routine read them.
    var isReadable: Bool

    /// Pages of an area.
    init(_ range: AddressRange, in area: VirtualMemoryArea) {
        start = range.start
        pageCount = Int(range.pageCount)
        isReadable = area.protection.contains(.read) || area.protection.contains(.write)
        number = start / pageSize
        let object = area.kind.memoryObject
        guard object != 0, area.kind.isSharedMemory else { return }
        let offset = area.kind.offset + (start - area.range.start)
        let bytes = MemoryObjectSpace.range(object, from: offset, to: offset + range.count)
        number = bytes.start / pageSize
        pageCount = Int(bytes.pageCount)
    }

    /// Whether `other` goes on where this one ends.
    func isFollowed(by other: DirtyRun) -> Bool {
        isReadable == other.isReadable && start + UInt64(pageCount) * pageSize == other.start
            && number + UInt64(pageCount) == other.number
    }
}

extension AddressSpace.State {
    /// The pages in a range were dropped, and read as zeros or as the file's now.
    mutating func noteDiscarded(_ range: AddressRange) {
        tracking?.discards.add(range)
        tracking?.passes.noteHiddenWrites()
    }

    /// The next collection takes all pages that are there.
    mutating func noteEverythingWritten() {
        tracking?.untracked.addEverything()
        tracking?.passes.noteHiddenWrites()
        tracking?.objects.noteEverythingWritten()
    }

    /// The host has a new mapping at a range, whatever was there before.
    mutating func noteReplaced(_ range: AddressRange) {
        tracking?.discards.add(range)
        tracking?.untracked.add(range)
        tracking?.passes.noteHiddenWrites()
    }

    /// Mappings in a range are about to go, and with them what the tracker knows of writes: what they show of memory
    /// objects is looked at once more.
    mutating func noteLeaving(_ range: AddressRange) {
        guard tracking?.objects.isEmpty == false else { return }
        for area in map.areas(in: range) where area.kind.isSharedMemory && area.kind.isTracked {
            let offset = area.kind.offset
            tracking?.objects.noteWritten(area.kind.memoryObject, from: offset, to: offset + area.range.count)
        }
    }

    /// The host lets the guest write to a range as its areas say: writes are seen only by the kernel's tracker.
    mutating func noteOpened(_ range: AddressRange) {
        if tracking?.protection == nil { tracking?.untracked.add(range) }
        tracking?.passes.noteHiddenWrites()
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
    /// Whether the guest's writes to the pages are looked for: they are its own, and not those of a file that anybody
    /// can read. What cannot be written to needs no watching, and the kernel refuses to.
    var isTracked: Bool {
        if case .sharedFile(let file, _, let isWritable) = self { return file.memoryObject != 0 && isWritable }
        return true
    }

    /// Whether the pages lie at their addresses in a mirror, until it takes over.
    var liesInArena: Bool {
        if case .sharedFile = self { return false }
        return true
    }

    /// The memory object whose own pages are in the area; 0 for none.
    var memoryObject: UInt64 { hostMappedFile?.memoryObject ?? 0 }

    /// Whether it is memory that several mappings can have.
    var isSharedMemory: Bool {
        switch self {
        case .sharedAnonymous: return true
        case .sharedFile(let file, _, _): return file.memoryObject != 0
        default: return false
        }
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
