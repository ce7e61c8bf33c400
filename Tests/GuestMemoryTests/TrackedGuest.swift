import CGuestEntry
import Glibc
import TestSupport
import Testing

@testable import GuestMemory

/// A guest's address space under random calls and writes, and what a mirror would make of its epochs.
final class TrackedGuest {
    /// One epoch as it goes over the link.
    struct Epoch {
        /// Pages that were copied before the discards were taken.
        var early: [(number: UInt64, content: [UInt8])] = []
        var discards = Discards.ranges([])
        var layout: [UInt8] = []
        var pages: [(number: UInt64, content: [UInt8])] = []
    }

    let space: AddressSpace
    private(set) var epochs: [Epoch] = []
    private var generator: SeededGenerator
    private let method: TrackerMethod
    private let staging: PageStaging
    private let file: MappedFile
    /// Another with the same content, to be written to through shared mappings.
    private let sharedFile: MappedFile
    /// A memory object.
    private var object: MappedFile
    /// What a mirror has; pages that are not in it are zero, or the file's.
    private var shadow: [UInt64: [UInt8]] = [:]
    private var fileContent: [UInt8] = []
    /// Page faults since the last collection of all began, but for those of the test itself.
    private var faultCountOfSteps: UInt64 = 0
    /// Collections without a search everywhere: of what was left open alone, and of what was found besides.
    private(set) var openCollectionCount = 0
    private(set) var likelyCollectionCount = 0
    private let zero = [UInt8](repeating: 0, count: Int(pageSize))

    private static let window = AddressRange(start: 0x5000_0000, count: 600 * pageSize)
    private static let filePageCount = 24

    init(seed: UInt64, method: TrackerMethod, scratch: ScratchDirectory) throws {
        generator = SeededGenerator(seed: seed)
        self.method = method
        staging = try PageStaging()
        for index in 0..<Self.filePageCount * Int(pageSize) { fileContent.append(UInt8(truncatingIfNeeded: index / 7)) }
        file = Self.file(try scratch.write("private", fileContent), fileContent.count, isShared: false)
        sharedFile = Self.file(try scratch.write("shared", fileContent), fileContent.count, isShared: true)
        space = try AddressSpace()
        space.startHeap(at: 0x4000_0000)
        _ = space.mapStack(byteCount: 16 * pageSize)
        object = try Self.object()
        try space.startTracking(method)
        let number = space.addMemoryObject(object.hostFD, object.identity.number, name: "object")
        try #require(number > 0)
        object.identity.memoryObject = UInt64(number)
    }

    deinit {
        close(object.hostFD)
        close(file.hostFD)
        close(sharedFile.hostFD)
    }

    private static func file(_ path: String, _ byteCount: Int, isShared: Bool) -> MappedFile {
        let hostFD = open(path, O_RDWR | O_CLOEXEC)
        var status = stat()
        fstat(hostFD, &status)
        return MappedFile(
            hostFD: hostFD,
            identity: FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: path), offset: 0,
            fileByteCount: UInt64(byteCount), isShared: isShared, isWritable: true, isRegular: true)
    }

    private static func object() throws -> MappedFile {
        let hostFD = "object".withCString { Int32(hostCall(__NR_memfd_create, UInt64(address: $0), 1)) }
        try #require(hostFD >= 0 && ftruncate(hostFD, off_t(filePageCount * Int(pageSize))) == 0)
        var status = stat()
        fstat(hostFD, &status)
        return MappedFile(
            hostFD: hostFD,
            identity: FileIdentity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: "/memfd:object (deleted)"),
            offset: 0, fileByteCount: UInt64(status.st_size), isShared: true, isWritable: true, isRegular: true)
    }

    // MARK: - The guest

    func step() throws {
        let before = FaultCount.ofProcess ?? 0
        try makeStep()
        faultCountOfSteps += (FaultCount.ofProcess ?? 0) - before
    }

    /// Stores alone, most of them to pages that were left open, as of a guest that answers one request after the other.
    func makeStores() throws {
        let before = FaultCount.ofProcess ?? 0
        for _ in 0..<generator.below(4) {
            let open = (space.state.withLock { $0.tracking?.open?.runs } ?? []).filter { run in
                space.area(containing: run.start)?.protection.contains(.write) == true
            }
            let run = open.isEmpty || generator.oneIn(8) ? nil : open[generator.below(open.count)]
            try write(at: run.map { $0.start + UInt64(generator.below($0.pageCount * 512)) * 8 })
        }
        faultCountOfSteps += (FaultCount.ofProcess ?? 0) - before
    }

    private func makeStep() throws {
        switch generator.below(20) {
        case 0, 1: map()
        case 2: unmap()
        case 3: protect()
        case 4: drop()
        case 5: remap()
        case 6: moveHeap()
        case 7: writeByHost()
        case 8: writeBySupervisor()
        case 9: changeObject()
        default: try write()
        }
    }

    private func randomRange(pageCountMax: Int) -> AddressRange {
        let first = UInt64(generator.below(580))
        let count = UInt64(1 + generator.below(pageCountMax))
        let start = Self.window.start + first * pageSize
        return AddressRange(start: start, end: min(start + count * pageSize, Self.window.end))
    }

    private func randomProtection() -> Protection {
        [[.read, .write], [.read, .write], [.read], [], [.write], [.read, .write, .execute]][generator.below(6)]
    }

    private func map() {
        let range = randomRange(pageCountMax: 24)
        var source = MappingRequest.Source.anonymous
        switch generator.below(8) {
        case 0: source = .sharedAnonymous
        case 1, 2:
            var mapped = generator.oneIn(6) ? sharedFile : generator.oneIn(2) ? object : file
            mapped.offset = UInt64(generator.below(Self.filePageCount)) * pageSize
            source = .file(mapped)
        default: break
        }
        let isFixed = !generator.oneIn(4)
        let request = MappingRequest(
            placement: isFixed ? .fixed(range.start) : .anywhere(hint: range.start), byteCount: range.count,
            protection: randomProtection(), source: source)
        let result = space.map(request)
        precondition(result > 0, "map: \(result)")
    }

    private func unmap() {
        let range = randomRange(pageCountMax: 12)
        let result = space.unmap(range.start, byteCount: range.count)
        precondition(result == 0, "unmap of \(range): \(result)")
    }

    private func protect() {
        let range = randomRange(pageCountMax: 20)
        _ = space.protect(range.start, byteCount: range.count, randomProtection(), growsDown: false)
    }

    private func drop() {
        let range = randomRange(pageCountMax: 12)
        let advice = [MADV_DONTNEED, MADV_FREE, MADV_REMOVE, 21][generator.below(4)]
        _ = space.advise(range.start, byteCount: range.count, advice: advice)
    }

    private func remap() {
        let old = randomRange(pageCountMax: 10)
        let newByteCount = UInt64(1 + generator.below(14)) * pageSize
        var flags: RemapFlags = .mayMove
        if generator.oneIn(3) { flags.insert(.fixed) }
        if generator.oneIn(4) { flags.insert(.dontUnmap) }
        let target = randomRange(pageCountMax: 1).start
        let size = flags.contains(.dontUnmap) ? old.count : newByteCount
        _ = space.remap(
            old.start, oldByteCount: old.count, newByteCount: size, flags: flags, newAddress: target)
    }

    private func moveHeap() {
        let end = 0x4000_0000 + UInt64(generator.below(40)) * 2048
        _ = space.moveHeapEnd(to: end, byteCountMax: .max)
    }

    /// A random address that the guest may write to.
    private func writableAddress() -> UInt64? {
        let areas = space.areas().filter { $0.protection.contains(.write) }
        guard !areas.isEmpty else { return nil }
        let area = areas[generator.below(areas.count)]
        return area.range.start + UInt64(generator.below(Int(area.range.count / 8))) * 8
    }

    /// A store of the guest's own, and, where it is refused for tracking, what its thread does about the fault.
    private func write(at place: UInt64? = nil) throws {
        guard let address = place ?? writableAddress() else { return }
        let value = UInt64.random(in: 0...UInt64.max, using: &generator)
        for _ in 0..<2 {
            let isStored = withUnsafeBytes(of: value) { bytes in
                guest_copy(UnsafeMutableRawPointer(bitPattern: UInt(address)), bytes.baseAddress, 8) == 0
            }
            if isStored { return }
            if method == .kernel || !space.resolveTrackedWrite(address) { break }
        }
        // Past the end of a file or of shared memory that mremap has stretched, it is SIGBUS.
        if Arena.content(of: address / pageSize) != nil {
            throw TrackerError("the guest cannot write at \(hexadecimal(address))")
        }
    }

    private func writeBySupervisor() {
        guard let address = writableAddress() else { return }
        _ = GuestAccess.store(UInt64.random(in: 0...UInt64.max, using: &generator), at: address)
    }

    /// A host call that writes to the guest's memory.
    private func writeByHost() {
        guard let address = writableAddress() else { return }
        let count = 1 + generator.below(9000)
        let offset = UInt64(generator.below(fileContent.count - 9000))
        let isWhole = space.areas().contains { area in
            area.protection.contains(.write) && area.isArenaMemory
                && area.range.contains(AddressRange(start: address, count: UInt64(count)))
        }
        let result = space.writing(address, count) {
            hostCall(__NR_pread64, UInt64(signed: file.hostFD), address, UInt64(count), offset)
        }
        if isWhole { precondition(result == count, "pread at \(hexadecimal(address)): \(result)") }
    }

    /// What calls do to the object's file: bytes written, a hole, another size.
    private func changeObject() {
        let number = object.identity.memoryObject
        let offset = generator.below(Self.filePageCount * Int(pageSize))
        let count = 1 + generator.below(9000)
        switch generator.below(3) {
        case 0:
            let bytes = [UInt8](repeating: UInt8(generator.below(256)), count: count)
            precondition(pwrite(object.hostFD, bytes, count, off_t(offset)) == count)
            space.noteWritten(object: number, from: UInt64(offset), to: UInt64(offset + count))
            var status = stat()
            fstat(object.hostFD, &status)
            precondition(ftruncate(object.hostFD, off_t(roundUp(UInt64(status.st_size)))) == 0)
        case 1:
            let hole: UInt64 = 3  // FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE
            hostCall(__NR_fallocate, UInt64(signed: object.hostFD), hole, UInt64(offset), UInt64(count))
            space.noteDropped(object: number, from: UInt64(offset), to: UInt64(offset + count))
        default:
            // What is stored behind the end, in the last page's rest, is nobody's.
            let size = roundDownToPage(UInt64(offset))
            precondition(ftruncate(object.hostFD, off_t(size)) == 0)
            space.noteDropped(object: number, from: size, to: .max)
        }
    }

    // MARK: - Epochs

    /// Cuts an epoch, part of it while the guest goes on.
    func cut(preCopies: Bool) throws {
        var epoch = Epoch()
        let faults = FaultCount.ofProcess ?? 0
        if preCopies {
            var cursor: UInt64 = 0
            while true {
                staging.reset()
                if cursor == 0 { faultCountOfSteps = 0 }
                let isFinished = try space.collectDirtyPages(
                    into: staging, from: &cursor, pageCountMax: 1 + generator.below(30))
                epoch.early += stagedPages()
                if isFinished { break }
                // Often nothing but stores, as of a guest that has begun to wait or to compute.
                let storesOnly = generator.oneIn(2)
                for _ in 0..<generator.below(6) { try storesOnly ? write() : step() }
            }
        }
        epoch.discards = space.takeDiscards()
        if preCopies { space.markWritten(epoch.discards) }
        staging.reset()
        var cursor: UInt64 = 0
        var cost = CollectionCost()
        let faultCount = FaultCount.ofProcess.map { $0 - faults }
        var hasAll = try collectRewritten(preCopies && epoch.discards.isEmpty ? faultCount : nil, &cost)
        // Now and then its pages, or some of them, are left open to writes.
        let leavesOpen = !preCopies && generator.below(2) == 0
        if !hasAll { hasAll = try collectLikely(leavesOpen: leavesOpen, &cost) }
        if !hasAll { faultCountOfSteps = 0 }
        if leavesOpen, !hasAll {
            _ = try space.collectDirtyPages(
                into: staging, from: &cursor, pageCountMax: generator.below(2) == 0 ? .max : 1 + generator.below(30),
                leavesOpen: true, cost: &cost)
        }
        while try !hasAll
            && !space.collectDirtyPages(
                into: staging, from: &cursor, pageCountMax: .max, isSecond: preCopies, cost: &cost)
        {}
        epoch.pages = stagedPages()
        epoch.layout = space.layoutRecord()
        epochs.append(epoch)
        apply(epoch)
    }

    /// After pages were copied while the guest went on: whether those that were written since are all found without
    /// another search.
    private func collectRewritten(_ faultCount: UInt64?, _ cost: inout CollectionCost) throws -> Bool {
        guard let faultCount else { return false }
        return try space.collectRewrittenPages(into: staging, faultCount: faultCount, cost: &cost)
    }

    /// Whether faults say that all that may have been written was found.
    private func collectLikely(leavesOpen: Bool, _ cost: inout CollectionCost) throws -> Bool {
        guard let before = space.state.withLock({ $0.tracking?.open }) else { return false }
        let hasAll = try space.collectLikelyPages(
            into: staging, leavesOpen: leavesOpen, pageCountMax: 100, faultCount: before.faultCount + faultCountOfSteps,
            cost: &cost)
        guard hasAll else { return false }
        if faultCountOfSteps > 0 {
            likelyCollectionCount += 1
        } else if !before.runs.isEmpty {
            openCollectionCount += 1
        }
        faultCountOfSteps = 0
        return true
    }

    private func stagedPages() -> [(number: UInt64, content: [UInt8])] {
        staging.numbers.enumerated().map { index, number in
            (number, Array(UnsafeRawBufferPointer(start: staging.contents + index * 4096, count: 4096)))
        }
    }

    private func apply(_ epoch: Epoch) {
        for page in epoch.early { shadow[page.number] = page.content }
        switch epoch.discards {
        case .everything: shadow = [:]
        case .ranges(let ranges):
            // The slot of a memory object has more pages than anybody could go through.
            let sorted = ranges.sorted { $0.start < $1.start }
            shadow = shadow.filter { !sorted.contains($0.key * pageSize) }
        }
        for page in epoch.pages { shadow[page.number] = page.content }
    }

    /// The first page that a mirror would have wrong, or nil.
    func disagreement() -> String? {
        for area in space.areas() where area.kind.isTracked {
            for number in area.range.start / pageSize..<area.range.end / pageSize {
                guard let content = Arena.content(of: number) else { continue }
                let page = AddressRange(start: number * pageSize, count: pageSize)
                let travelled = DirtyRun(page, in: area).number
                if Arena.isSame(content, shadow[travelled] ?? untouched(number, area)) { continue }
                return "page \(hexadecimal(number * pageSize)) of \(area) is wrong in epoch \(epochs.count)"
            }
        }
        return nil
    }

    private func untouched(_ number: UInt64, _ area: VirtualMemoryArea) -> [UInt8] {
        guard case .privateFile(_, let offset, isHostMapped: true) = area.kind else { return zero }
        let start = Int(offset + number * pageSize - area.range.start)
        return Array(fileContent[start..<start + Int(pageSize)])
    }
}
