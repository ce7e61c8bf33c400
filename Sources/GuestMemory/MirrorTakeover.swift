import CGuestEntry
import Glibc

/// Turns what lies in the mirror's arena into the mappings that the guest had.
enum MirrorTakeover {
    /// The area's pages are in the arena, readable and writable. `volumeFiles` are by their handles.
    static func establish(
        _ area: VirtualMemoryArea, _ files: MirrorFiles, _ objects: MirrorObjects, volumeFiles: [UInt64: Int32]
    ) throws(MirrorMemoryError) {
        if let object = objects.file(of: area.kind) { return try establish(area, object) }
        let result: Int
        switch area.kind {
        case .anonymous, .stack, .heap, .privateFile(_, _, isHostMapped: false):
            if area.protection == [.read, .write] { return }
            result = HostMemory.protect(area.range, area.protection)
        case .privateFile(_, let offset, isHostMapped: true):
            let hostFD = descriptor(area, files, volumeFiles)
            result = try replace(area) { byteCount in HostMemory.mapAside(byteCount, fd: hostFD, offset: offset) }
        case .sharedAnonymous:
            result = try replace(area) { byteCount in HostMemory.mapAside(byteCount, fd: -1, offset: 0) }
        case .sharedFile(_, let offset, _):
            result = HostMemory.mapFile(
                area.range, area.protection, fd: descriptor(area, files, volumeFiles), offset: offset, isShared: true)
        }
        if result < 0 { throw refusal(area, result) }
    }

    /// A mapping of a memory object.
    private static func establish(_ area: VirtualMemoryArea, _ object: HostDescriptor) throws(MirrorMemoryError) {
        var result: Int
        switch area.kind {
        case .sharedFile(_, let offset, let isWritable):
            // A mapping that could become writable would keep the file from being sealed.
            let reading = isWritable ? nil : try? HostDescriptor.open("/proc/self/fd/\(object.number)").get()
            result = HostMemory.mapFile(
                area.range, area.protection, fd: (reading ?? object).number, offset: offset, isShared: true)
        default:
            result = try replace(area) { byteCount in
                HostMemory.mapAside(byteCount, fd: object.number, offset: area.kind.offset)
            }
        }
        if result < 0 { throw refusal(area, result) }
    }

    private static func descriptor(
        _ area: VirtualMemoryArea, _ files: MirrorFiles, _ volumeFiles: [UInt64: Int32]
    ) -> Int32 {
        // Which ones there are was asked before the epoch was acknowledged (`mappedVolumeFiles`).
        if let file = area.kind.file, let hostFD = volumeFiles[file.volumeHandle] { return hostFD }
        guard let descriptor = files.descriptor(for: area.kind) else {
            preconditionFailure("the file of the committed area at \(area.range) is not open")
        }
        return descriptor.number
    }

    /// Makes a mapping elsewhere, puts the pages that the guest had written into it, and moves it to the area's place.
    private static func replace(
        _ area: VirtualMemoryArea, _ map: (UInt64) -> Int
    ) throws(MirrorMemoryError) -> Int {
        let mapped = map(area.range.count)
        if mapped < 0 { return mapped }
        let aside = AddressRange(start: UInt64(mapped), count: area.range.count)
        do {
            try copyPresent(area.range, to: aside.start)
        } catch {
            hostCall(__NR_munmap, aside.start, aside.count)
            throw error
        }
        let moved = HostMemory.move(aside, to: area.range, keepsSource: false)
        if moved < 0 { return moved }
        return HostMemory.protect(area.range, area.protection)
    }

    /// Copies the pages of a range that are there to the same places in another.
    private static func copyPresent(_ range: AddressRange, to destination: UInt64) throws(MirrorMemoryError) {
        do {
            let pagemap = try PresentPages()
            try pagemap.forEach(in: range) { address, _ in
                guard let source = UnsafeRawPointer(bitPattern: UInt(address)),
                    let target = UnsafeMutableRawPointer(bitPattern: UInt(destination + (address - range.start)))
                else { return }
                // A file that has been cut short since has no pages here (SIGBUS): zeros, and a fault for the guest, as
                // at home.
                _ = guest_copy(target, source, Int(pageSize))
            }
        } catch {
            throw MirrorMemoryError(error.message, errno: error.errno)
        }
    }

    private static func refusal(_ area: VirtualMemoryArea, _ result: Int) -> MirrorMemoryError {
        let what = area.kind.file.map { $0.path } ?? area.name ?? "memory"
        return MirrorMemoryError("\(what) cannot be mapped at \(area.range)", errno: Int32(-result))
    }
}
