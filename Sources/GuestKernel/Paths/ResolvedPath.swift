import CGuestEntry
import Glibc
import GuestMemory

/// A guest's path made ready for a host call. Keep it alive while its address is in use.
final class ResolvedPath: Sendable {
    /// From where a path goes on that began below /proc/self, where the guest's view is not the host's.
    enum Start: Sendable {
        case root
        case workingDirectory
        case descriptor(FileDescription)
    }

    /// The host directory descriptor that a relative path starts from, or AT_FDCWD.
    let hostDirectory: Int32
    /// What holds that descriptor open.
    let directory: FileDescription?
    private let place: HostDirectory?
    /// "/proc/self/fd/N/" where the path starts from a descriptor that the resolver has opened, then the path;
    /// NUL-terminated.
    nonisolated(unsafe) private let storage: UnsafeMutablePointer<CChar>
    private let prefixByteCount: Int
    /// The path as the guest sees it, absolute where that is known.
    let guestPath: [UInt8]
    /// Set when the path names something below /proc/self. The host path then leads to what the host has in its place,
    /// so that stat, access and their like say of it what they say natively; reading it is the supervisor's.
    let synthetic: SyntheticPath?
    /// Set while a path is not resolved yet: the host path is the rest of it. No call gets to see that.
    let goesOn: Start?

    init(
        hostDirectory: Int32, directory: FileDescription?, hostPath: [UInt8], guestPath: [UInt8],
        synthetic: SyntheticPath? = nil, goesOn: Start? = nil
    ) {
        self.hostDirectory = hostDirectory
        self.directory = directory
        place = nil
        self.guestPath = guestPath
        self.synthetic = synthetic
        self.goesOn = goesOn
        prefixByteCount = 0
        storage = ResolvedPath.store(hostPath)
    }

    /// A name in a directory of the host's.
    init(_ place: HostDirectory, name: [UInt8], guestPath: [UInt8]) {
        hostDirectory = place.hostFD
        directory = place.file
        self.place = place
        self.guestPath = guestPath
        synthetic = nil
        goesOn = nil
        let isHere = hostDirectory == AT_FDCWD || name.isEmpty
        let prefix = isHere ? [] : HostFile.descriptorPath(hostDirectory) + [UInt8(ascii: "/")]
        prefixByteCount = prefix.count
        storage = ResolvedPath.store(prefix + name)
    }

    deinit {
        storage.deallocate()
    }

    private static func store(_ path: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let storage = UnsafeMutablePointer<CChar>.allocate(capacity: path.count + 1)
        for (index, byte) in path.enumerated() { storage[index] = CChar(bitPattern: byte) }
        storage[path.count] = 0
        return storage
    }

    /// The path for the host, relative to `hostDirectory`.
    var hostPath: [UInt8] {
        Array(UnsafeRawBufferPointer(start: storage + prefixByteCount, count: strlen(storage + prefixByteCount)))
    }

    /// For calls that are given `hostDirectory` as well.
    var pathAddress: UInt64 { UInt64(address: storage + prefixByteCount) }

    /// For calls that take no directory: the same file from wherever one is.
    var wholePathAddress: UInt64 { UInt64(address: storage) }

    /// The path that a Unix socket's address shows to others: one that outlives this, as long as it has room there.
    /// Otherwise it names the directory by its descriptor, and is good for as long as this is kept alive.
    func socketPath(byteCountMax: Int) -> (bytes: [UInt8], isLasting: Bool) {
        guard let place, place.hostFD != AT_FDCWD else { return (hostPath, true) }
        if let above = HostFile.link(ofDescriptor: place.hostFD) {
            let path = (above == [UInt8(ascii: "/")] ? [] : above) + [UInt8(ascii: "/")] + hostPath
            if path.count <= byteCountMax { return (path, true) }
        }
        return (Array(UnsafeRawBufferPointer(start: storage, count: strlen(storage))), false)
    }
}
