/// What mmap(2) asks for, checked for form but not yet against the address space.
public struct MappingRequest: Sendable {
    public enum Placement: Sendable {
        /// Anywhere; the address is a hint when it is not 0.
        case anywhere(hint: UInt64)
        /// MAP_32BIT.
        case low32Bit
        /// MAP_FIXED: replaces what is there.
        case fixed(UInt64)
        /// MAP_FIXED_NOREPLACE.
        case fixedNoReplace(UInt64)
    }

    public enum Source: Sendable {
        case anonymous
        case sharedAnonymous
        case file(MappedFile)
    }

    public var placement: Placement
    public var byteCount: UInt64
    public var protection: Protection
    public var source: Source
    /// MAP_POPULATE.
    public var isPopulated = false
    /// Shown in /proc/self/maps for memory without a file.
    public var name: String?

    public init(placement: Placement, byteCount: UInt64, protection: Protection, source: Source) {
        self.placement = placement
        self.byteCount = byteCount
        self.protection = protection
        self.source = source
    }
}

/// A file to map; the descriptor is the host's and is needed only during the call.
public struct MappedFile: Sendable {
    public var hostFD: Int32
    public var identity: FileIdentity
    public var offset: UInt64
    /// The file's size, to see which pages lie past its end.
    public var fileByteCount: UInt64
    public var isShared: Bool
    /// Whether the descriptor was opened for writing: a shared mapping may only then become writable.
    public var isWritable: Bool
    /// Devices and other files that cannot be read like memory are always mapped by the host.
    public var isRegular: Bool
    /// Whether its bytes may become others, or fewer, and a private mapping should show that.
    public var mayChange = false

    public init(
        hostFD: Int32, identity: FileIdentity, offset: UInt64, fileByteCount: UInt64, isShared: Bool,
        isWritable: Bool, isRegular: Bool
    ) {
        self.hostFD = hostFD
        self.identity = identity
        self.offset = offset
        self.fileByteCount = fileByteCount
        self.isShared = isShared
        self.isWritable = isWritable
        self.isRegular = isRegular
    }
}
