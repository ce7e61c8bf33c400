import CGuestEntry
import Glibc

/// Turns what lies in the mirror's arena into the mappings that the guest had. The guest stands still meanwhile, and a
/// program has a hundred of them, of which those of its libraries' code are there already.
struct MirrorTakeover {
    private let files: MirrorFiles
    private let objects: MirrorObjects
    private let volumeFiles: [UInt64: Int32]
    private let present: PresentPages

    /// So many pages that lie over a file are kept aside while it is mapped; of more a mapping is made elsewhere.
    private static let fewPages = 64

    /// `volumeFiles` are by their handles.
    init(
        _ files: MirrorFiles, _ objects: MirrorObjects, volumeFiles: [UInt64: Int32]
    ) throws(MirrorMemoryError) {
        self.files = files
        self.objects = objects
        self.volumeFiles = volumeFiles
        do {
            present = try PresentPages()
        } catch {
            throw MirrorMemoryError(error.message, errno: error.errno)
        }
    }

    /// The area's pages are in the arena, readable and writable; or the file behind it is (`isMapped`).
    func establish(_ area: VirtualMemoryArea, isMapped: Bool) throws(MirrorMemoryError) {
        if let object = objects.file(of: area.kind) { return try establish(area, object) }
        let result: Int
        switch area.kind {
        case .privateFile where isMapped, .anonymous, .stack, .heap, .privateFile(_, _, isHostMapped: false):
            if area.protection == [.read, .write] { return }
            result = HostMemory.protect(area.range, area.protection)
        case .privateFile(_, let offset, isHostMapped: true):
            result = try establish(area, descriptor(area), offset: offset)
        case .sharedAnonymous:
            result = try replace(area) { byteCount in HostMemory.mapAside(byteCount, fd: -1, offset: 0) }
        case .sharedFile(_, let offset, _):
            result = HostMemory.mapFile(
                area.range, area.protection, fd: descriptor(area), offset: offset, isShared: true)
        }
        if result < 0 { throw MirrorTakeover.refusal(area, result) }
    }

    /// A private mapping of a file. Of a program's libraries most have no page of the guest's own, or a few.
    private func establish(
        _ area: VirtualMemoryArea, _ hostFD: Int32, offset: UInt64
    ) throws(MirrorMemoryError) -> Int {
        var addresses: [UInt64] = []
        try forEachPresent(in: area.range) { addresses.append($0) }
        if addresses.isEmpty {
            return HostMemory.mapFile(area.range, area.protection, fd: hostFD, offset: offset, isShared: false)
        }
        guard addresses.count <= MirrorTakeover.fewPages else {
            return try replace(area) { byteCount in HostMemory.mapAside(byteCount, fd: hostFD, offset: offset) }
        }
        let byteCount = addresses.count * Int(pageSize)
        return withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 64) { kept in
            for (index, address) in addresses.enumerated() {
                MirrorTakeover.copyPage(from: address, to: UInt64(address: kept.baseAddress! + index * Int(pageSize)))
            }
            let mapped = HostMemory.mapFile(
                area.range, [.read, .write], fd: hostFD, offset: offset, isShared: false)
            if mapped < 0 { return mapped }
            for (index, address) in addresses.enumerated() {
                MirrorTakeover.copyPage(from: UInt64(address: kept.baseAddress! + index * Int(pageSize)), to: address)
            }
            return area.protection == [.read, .write] ? 0 : HostMemory.protect(area.range, area.protection)
        }
    }

    /// A mapping of a memory object.
    private func establish(_ area: VirtualMemoryArea, _ object: HostDescriptor) throws(MirrorMemoryError) {
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
        if result < 0 { throw MirrorTakeover.refusal(area, result) }
    }

    private func descriptor(_ area: VirtualMemoryArea) -> Int32 {
        // Which ones there are was asked before the epoch was acknowledged (`mappedVolumeFiles`).
        if let file = area.kind.file, let hostFD = volumeFiles[file.volumeHandle] { return hostFD }
        guard let descriptor = files.descriptor(for: area.kind) else {
            preconditionFailure("the file of the committed area at \(area.range) is not open")
        }
        return descriptor.number
    }

    /// Makes a mapping elsewhere, puts the pages that the guest had written into it, and moves it to the area's place.
    private func replace(
        _ area: VirtualMemoryArea, _ map: (UInt64) -> Int
    ) throws(MirrorMemoryError) -> Int {
        let mapped = map(area.range.count)
        if mapped < 0 { return mapped }
        let aside = AddressRange(start: UInt64(mapped), count: area.range.count)
        do {
            try forEachPresent(in: area.range) { address in
                MirrorTakeover.copyPage(from: address, to: aside.start + (address - area.range.start))
            }
        } catch {
            hostCall(__NR_munmap, aside.start, aside.count)
            throw error
        }
        let moved = HostMemory.move(aside, to: area.range, keepsSource: false)
        if moved < 0 {
            hostCall(__NR_munmap, aside.start, aside.count)
            return moved
        }
        return HostMemory.protect(area.range, area.protection)
    }

    private func forEachPresent(in range: AddressRange, _ body: (UInt64) -> Void) throws(MirrorMemoryError) {
        do {
            // A file's own pages are where it was mapped before.
            try present.forEach(in: range) { address, isFile in
                if !isFile { body(address) }
            }
        } catch {
            throw MirrorMemoryError(error.message, errno: error.errno)
        }
    }

    /// A file that has been cut short since has no pages here (SIGBUS): zeros, and a fault for the guest, as at home.
    private static func copyPage(from source: UInt64, to target: UInt64) {
        guard let source = UnsafeRawPointer(bitPattern: UInt(source)),
            let target = UnsafeMutableRawPointer(bitPattern: UInt(target))
        else { return }
        _ = guest_copy(target, source, Int(pageSize))
    }

    private static func refusal(_ area: VirtualMemoryArea, _ result: Int) -> MirrorMemoryError {
        let what = area.kind.file.map { $0.path } ?? area.name ?? "memory"
        return MirrorMemoryError("\(what) cannot be mapped at \(area.range)", errno: Int32(-result))
    }
}
