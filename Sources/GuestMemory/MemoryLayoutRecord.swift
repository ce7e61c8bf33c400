import CGuestEntry
import Glibc
import RecordCoding

/// The guest's mappings as one record: all that a mirror needs to build the same address space around the same pages.
struct MemoryLayoutRecord: Equatable {
    var areas: [VirtualMemoryArea] = []
    var heapStart: UInt64 = 0
    var heapEnd: UInt64 = 0
    var mappingTop: UInt64 = GuestLayout.stackTop
    var nextSharedObject: UInt64 = 1
    /// VmPeak.
    var mappedByteCountPeak: UInt64 = 0
    /// Sizes of the mapped files, as far as their paths still lead to them: on another machine a file of the same path
    /// has another inode, and its size is what can be compared.
    var fileByteCounts: [FileIdentity: UInt64] = [:]
    /// By their slots.
    var objects: [MemoryObject] = []

    /// The volumes' files that stand behind areas, by their handles.
    var mappedVolumeFiles: Set<UInt64> { Set(areas.lazy.compactMap(\.kind.mappedVolumeFile)) }

    // MARK: - Writing

    var bytes: [UInt8] {
        var writer = RecordWriter(capacity: 64 + areas.count * 24)
        writer.put(heapStart)
        writer.put(heapEnd)
        writer.put(mappingTop)
        writer.put(nextSharedObject)
        writer.put(mappedByteCountPeak)
        var files: [FileIdentity] = []
        var indices: [FileIdentity: UInt32] = [:]
        for area in areas {
            guard let file = area.kind.file, indices[file] == nil else { continue }
            indices[file] = UInt32(files.count)
            files.append(file)
        }
        writer.putAll(files) { writer, file in
            writer.put(file.device)
            writer.put(file.inode)
            writer.put(file.path)
            writer.put(file.volumeHandle)
            writer.put(file.memoryObject)
            writer.put(fileByteCounts[file])
        }
        writer.putAll(objects) { writer, object in object.write(to: &writer) }
        writer.putAll(areas) { writer, area in Self.put(area, indices, &writer) }
        return writer.bytes
    }

    private static func put(
        _ area: VirtualMemoryArea, _ files: [FileIdentity: UInt32], _ writer: inout RecordWriter
    ) {
        writer.put(area.range.start)
        writer.put(area.range.end)
        writer.put(UInt8(truncatingIfNeeded: area.protection.rawValue))
        writer.put(area.flags.rawValue)
        writer.put(area.name != nil)
        if let name = area.name { writer.put(name) }
        switch area.kind {
        case .anonymous: writer.put(UInt8(0))
        case .stack: writer.put(UInt8(1))
        case .heap: writer.put(UInt8(2))
        case .sharedAnonymous(let object, let offset):
            writer.put(UInt8(3))
            writer.put(object)
            writer.put(offset)
        case .privateFile(let file, let offset, let isHostMapped):
            writer.put(UInt8(4))
            writer.put(files[file] ?? 0)
            writer.put(offset)
            writer.put(isHostMapped)
        case .sharedFile(let file, let offset, let isWritable):
            writer.put(UInt8(5))
            writer.put(files[file] ?? 0)
            writer.put(offset)
            writer.put(isWritable)
        }
    }
}

extension MemoryLayoutRecord {
    /// Reads a record and checks all that the address space relies on: the areas' order and alignment, that they lie
    /// where a guest may map, how many they are, and that protections and kinds go together.
    init(_ bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        heapStart = try reader.get()
        heapEnd = try reader.get()
        mappingTop = try reader.get()
        nextSharedObject = try reader.get()
        mappedByteCountPeak = try reader.get()
        let isHeap = heapStart <= heapEnd && heapEnd < GuestLayout.mappable.end && isPageAligned(heapStart)
        guard isHeap, isPageAligned(mappingTop), mappingTop <= GuestLayout.stackTop else { throw .isMalformed }
        let files = try reader.getAll { reader throws(RecordError) in
            let device: UInt64 = try reader.get()
            let inode: UInt64 = try reader.get()
            let path = try reader.getText()
            let handle: UInt64 = try reader.get()
            var file = FileIdentity(device: device, inode: inode, path: path, volumeHandle: handle)
            file.memoryObject = try reader.get()
            return (file, try reader.getOptional(UInt64.self))
        }
        for (file, byteCount) in files { fileByteCounts[file] = byteCount }
        objects = try reader.getAll { reader throws(RecordError) in try MemoryObject(from: &reader) }
        let identities = files.map { $0.0 }
        let numbers = Set(objects.map(\.number))
        guard numbers.count == objects.count,
            identities.allSatisfy({ $0.memoryObject == 0 || numbers.contains($0.memoryObject) })
        else { throw .isMalformed }
        areas = try reader.getAll { reader throws(RecordError) in try Self.area(&reader, identities) }
        try reader.finish()
        guard areas.count <= VirtualMemoryMap.areaCountMax else { throw .isMalformed }
        for (area, next) in zip(areas, areas.dropFirst()) {
            if next.range.start < area.range.end || area.canMerge(with: next) { throw .isMalformed }
        }
    }

    private static func area(
        _ reader: inout RecordReader, _ files: [FileIdentity]
    ) throws(RecordError) -> VirtualMemoryArea {
        let start: UInt64 = try reader.get()
        let end: UInt64 = try reader.get()
        guard start < end else { throw .isMalformed }
        let range = AddressRange(start: start, end: end)
        guard range.isPageAligned, GuestLayout.mappable.contains(range) else { throw .isMalformed }
        let protection = Protection(rawValue: Int32(try reader.get(UInt8.self)))
        let flags = VirtualMemoryArea.Flags(rawValue: try reader.get(UInt8.self))
        guard Protection.all.isSuperset(of: protection),
            VirtualMemoryArea.Flags.all.isSuperset(of: flags)
        else { throw .isMalformed }
        let name = try reader.getFlag() ? try reader.getText() : nil
        let kind = try Self.kind(&reader, files)
        if case .sharedFile(_, _, isWritable: false) = kind, protection.contains(.write) { throw .isMalformed }
        if kind.file != nil || kind.isSharedAnonymous {
            // file_mmap_ok in mm/mmap.c: a file's last offset is the largest loff_t.
            let (last, overflow) = kind.offset.addingReportingOverflow(range.count)
            guard !overflow, last <= UInt64(Int64.max), isPageAligned(kind.offset) else { throw .isMalformed }
        }
        return VirtualMemoryArea(range: range, protection: protection, kind: kind, name: name, flags: flags)
    }

    private static func kind(
        _ reader: inout RecordReader, _ files: [FileIdentity]
    ) throws(RecordError) -> VirtualMemoryArea.Kind {
        func file() throws(RecordError) -> FileIdentity {
            let index = Int(try reader.get(UInt32.self))
            guard index < files.count else { throw .isMalformed }
            return files[index]
        }
        switch try reader.get(UInt8.self) {
        case 0: return .anonymous
        case 1: return .stack
        case 2: return .heap
        case 3: return .sharedAnonymous(object: try reader.get(), offset: try reader.get())
        case 4: return .privateFile(file: try file(), offset: try reader.get(), isHostMapped: try reader.getFlag())
        case 5: return .sharedFile(file: try file(), offset: try reader.get(), isWritable: try reader.getFlag())
        default: throw .isMalformed
        }
    }
}
