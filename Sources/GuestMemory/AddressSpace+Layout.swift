import CGuestEntry
import Glibc

extension AddressSpace {
    /// What the record was made of, to see whether it still holds.
    struct LayoutVersion: Equatable {
        var map: UInt64
        var heapEnd: UInt64
        var nextSharedObject: UInt64
        var objects: UInt64
    }

    /// The guest's mappings as a record, the same array again for as long as nothing changes.
    public func layoutRecord() -> [UInt8] {
        state.withLock { state in
            let version = LayoutVersion(
                map: state.map.version, heapEnd: state.heapEnd, nextSharedObject: state.nextSharedObject,
                objects: state.tracking?.objects.version ?? 0)
            if let kept = state.layout, kept.version == version { return kept.bytes }
            var record = MemoryLayoutRecord(
                areas: state.map.areas, heapStart: state.heapStart, heapEnd: state.heapEnd,
                mappingTop: state.mappingTop, nextSharedObject: state.nextSharedObject,
                mappedByteCountPeak: state.map.mappedByteCountPeak)
            record.objects = state.tracking?.objects.objects ?? []
            let kept = state.layout?.fileByteCounts ?? [:]
            for area in state.map.areas {
                // Files that were read at once are not looked at again.
                guard let file = area.kind.hostMappedFile, file.memoryObject == 0,
                    record.fileByteCounts[file] == nil
                else { continue }
                record.fileByteCounts[file] = kept[file] ?? Self.byteCount(of: file)
            }
            let bytes = record.bytes
            state.layout = State.Layout(version: version, bytes: bytes, fileByteCounts: record.fileByteCounts)
            return bytes
        }
    }

    /// The volumes' files that the guest has mapped, by their handles.
    public var mappedVolumeFiles: Set<UInt64> {
        state.withLock { Set($0.map.areas.lazy.compactMap(\.kind.mappedVolumeFile)) }
    }

    /// A file's size, where its path still leads to it.
    private static func byteCount(of file: FileIdentity) -> UInt64? {
        var status = stat()
        guard stat(file.path, &status) == 0, file.isDescribed(by: status) else { return nil }
        return UInt64(max(0, status.st_size))
    }
}

extension AddressSpace.State {
    /// The last layout record that was made.
    struct Layout {
        var version: AddressSpace.LayoutVersion
        var bytes: [UInt8]
        var fileByteCounts: [FileIdentity: UInt64]
    }
}

extension FileIdentity {
    /// Whether it is the file that stat(2) told of.
    func isDescribed(by status: stat) -> Bool {
        UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}

extension VirtualMemoryArea.Kind {
    /// The file that the host maps behind the area, or nil.
    var hostMappedFile: FileIdentity? {
        switch self {
        case .privateFile(let file, _, isHostMapped: true), .sharedFile(let file, _, _): return file
        default: return nil
        }
    }
}
