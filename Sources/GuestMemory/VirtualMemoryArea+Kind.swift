extension VirtualMemoryArea {
    /// What stands behind an area's pages.
    public enum Kind: Equatable, Sendable {
        /// Private memory that starts as zeros: MAP_PRIVATE | MAP_ANONYMOUS.
        case anonymous

        /// Memory that guest processes share: MAP_SHARED | MAP_ANONYMOUS, memfd and System V segments.
        ///
        /// `object` is the supervisor's number for the shared object, `offset` the bytes into it at the area's start.
        case sharedAnonymous(object: UInt64, offset: UInt64)

        /// A private copy of a file: MAP_PRIVATE.
        ///
        /// `offset` is the bytes into the file at the area's start. `isHostMapped` says that pages not yet written come
        /// straight from a host mapping of the file; otherwise they are guest memory filled from it.
        case privateFile(file: FileIdentity, offset: UInt64, isHostMapped: Bool)

        /// A file that stays coherent with write(2): MAP_SHARED.
        ///
        /// `offset` is the bytes into the file at the area's start. `isWritable` says that the descriptor it was mapped
        /// through allowed writing, without which mprotect(2) to PROT_WRITE is EACCES.
        case sharedFile(file: FileIdentity, offset: UInt64, isWritable: Bool)

        /// The main thread's stack, "[stack]" in /proc/self/maps.
        case stack

        /// What brk(2) gave out, "[heap]" in /proc/self/maps.
        case heap

        /// The same thing, `count` bytes further on.
        ///
        /// Wraps where an offset would not fit in 64 bits: such an offset never gets into an area (mmap(2) answers
        /// EOVERFLOW), and a damaged one must not stop the supervisor here.
        func advanced(by count: UInt64) -> Kind {
            switch self {
            case .anonymous, .stack, .heap:
                return self
            case .sharedAnonymous(let object, let offset):
                return .sharedAnonymous(object: object, offset: offset &+ count)
            case .privateFile(let file, let offset, let isHostMapped):
                return .privateFile(file: file, offset: offset &+ count, isHostMapped: isHostMapped)
            case .sharedFile(let file, let offset, let isWritable):
                return .sharedFile(file: file, offset: offset &+ count, isWritable: isWritable)
            }
        }

        /// Whether another guest process that maps the same thing sees the writes: the "s" in /proc/self/maps.
        public var isShared: Bool {
            switch self {
            case .anonymous, .privateFile, .stack, .heap: return false
            case .sharedAnonymous, .sharedFile: return true
            }
        }

        /// The file behind the area, or nil.
        public var file: FileIdentity? {
            switch self {
            case .privateFile(let file, _, _), .sharedFile(let file, _, _): return file
            case .anonymous, .sharedAnonymous, .stack, .heap: return nil
            }
        }

        /// The handle of the volume's file whose own pages are in the area; nil for any other.
        var mappedVolumeFile: UInt64? {
            switch self {
            case .privateFile(let file, _, isHostMapped: true), .sharedFile(let file, _, _):
                return file.volumeHandle == 0 ? nil : file.volumeHandle
            default: return nil
            }
        }

        /// Bytes into the file or object at the area's start; 0 where there is none, as /proc/self/maps shows it.
        public var offset: UInt64 {
            switch self {
            case .privateFile(_, let offset, _), .sharedFile(_, let offset, _): return offset
            case .sharedAnonymous(_, let offset): return offset
            case .anonymous, .stack, .heap: return 0
            }
        }
    }
}
