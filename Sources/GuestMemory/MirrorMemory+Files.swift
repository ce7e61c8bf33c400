import CGuestEntry
import Glibc

/// Private mappings of files that are made before the takeover. What is too much for that is left to it: an epoch is
/// applied meanwhile, and heartbeats wait.
extension MirrorMemory {
    /// Larger ones are not made: each page of theirs would have to be asked for.
    private static let byteCountMax: UInt64 = 64 << 20
    /// Nor are more: a program has some hundred, and the host a limit (vm.max_map_count).
    private static let countMax = 1024

    /// Maps the files behind what the committed layout has and the one before had not, where the guest has no page of
    /// its own. What fails is left to the takeover.
    func mapFiles(unlike before: MemoryLayoutRecord) {
        var present: PresentPages?
        var index = 0
        for area in committed.record.areas {
            while index < before.areas.count, before.areas[index].range.start < area.range.start { index += 1 }
            let isNew =
                index == before.areas.count || before.areas[index].range != area.range
                || before.areas[index].kind != area.kind
            if mappedFiles.entries.count >= MirrorMemory.countMax { return }
            guard isNew, case .privateFile(let file, let offset, isHostMapped: true) = area.kind,
                area.range.count <= MirrorMemory.byteCountMax, !mappedFiles.has(area),
                let descriptor = committed.files.descriptor(for: area.kind)
            else { continue }
            if present == nil { present = try? PresentPages() }
            // One of which a part is mapped already stays as it is: it is another part than the guest's.
            guard let present, mappedFiles.isFree(area.range), isEmpty(area.range, present),
                MirrorMemory.isRegular(descriptor)
            else { continue }
            let mapped = HostMemory.mapFile(
                area.range, [.read, .write], fd: descriptor.number, offset: offset, isShared: false)
            if mapped >= 0 {
                mappedFiles.insert(MirrorFileMappings.Entry(range: area.range, file: file, offset: offset))
            } else if mapped != -Int(ENOMEM) {
                // A file system refuses once the arena's piece is gone; a host without mappings left does before.
                makeEmpty(area.range)
            }
        }
    }

    /// Not a device, whose mapping does something.
    private static func isRegular(_ file: HostDescriptor) -> Bool {
        var status = stat()
        return fstat(file.number, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What the committed layout has no more goes, also where no discard has told of it.
    func unmapOtherFiles() {
        let areas = committed.record.areas
        for entry in mappedFiles.remove(overlapping: GuestLayout.arena, unless: { MirrorMemory.shows($0, areas) }) {
            makeEmpty(entry.range)
        }
    }

    /// A page of the guest's own is about to come.
    func unmapFile(ofPage page: UInt64) {
        let range = AddressRange(start: page * pageSize, count: pageSize)
        for entry in mappedFiles.remove(overlapping: range, unless: { _ in false }) { makeEmpty(entry.range) }
    }

    /// The pages of a range are dropped. Where the layout that the epoch leaves has the file there, they are the file's
    /// as before.
    func unmapFiles(overlapping range: AddressRange) {
        if mappedFiles.isFree(range) { return }
        let areas = (prepared ?? committed).record.areas
        let removed = mappedFiles.remove(overlapping: range) { MirrorMemory.shows($0, areas) }
        for entry in removed { makeEmpty(entry.range) }
    }

    /// Whether areas, lowest first, have all of a mapping as it is.
    private static func shows(_ entry: MirrorFileMappings.Entry, _ areas: [VirtualMemoryArea]) -> Bool {
        var start = entry.range.start
        for area in areas[areas.partitionPoint { $0.range.end > start }...] {
            guard area.range.start <= start, entry.isSame(as: area) else { return false }
            start = area.range.end
            if start >= entry.range.end { return true }
        }
        return false
    }

    /// Puts memory of the arena in the place of a whole mapping, which needs two of the host's mappings more at most:
    /// `countMax` leaves them.
    private func makeEmpty(_ range: AddressRange) {
        let result = HostMemory.mapAnonymous(range, [.read, .write])
        precondition(result >= 0, "the mirror's mapping at \(range) cannot be replaced: errno \(-result)")
    }

    private func isEmpty(_ range: AddressRange, _ present: PresentPages) -> Bool {
        var isEmpty = true
        do {
            try present.forEach(in: range) { _, _ in isEmpty = false }
        } catch {
            return false
        }
        return isEmpty
    }
}
