import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// A guest's path made ready for a host call. Keep it alive while its address is in use.
final class ResolvedPath: Sendable {
    /// The host directory descriptor that a relative path starts from, or AT_FDCWD.
    let hostDirectory: Int32
    /// What holds that descriptor open.
    let directory: FileDescription?
    /// NUL-terminated.
    nonisolated(unsafe) private let storage: UnsafeMutablePointer<CChar>
    /// The path as the guest sees it, absolute where that is known.
    let guestPath: [UInt8]
    /// Set when the path names something below /proc/self. The host path then leads to what the host has in its place,
    /// so that stat, access and their like say of it what they say natively; reading it is the supervisor's.
    let synthetic: SyntheticPath?

    init(
        hostDirectory: Int32, directory: FileDescription?, hostPath: [UInt8], guestPath: [UInt8],
        synthetic: SyntheticPath? = nil
    ) {
        self.hostDirectory = hostDirectory
        self.directory = directory
        self.guestPath = guestPath
        self.synthetic = synthetic
        storage = .allocate(capacity: hostPath.count + 1)
        for (index, byte) in hostPath.enumerated() { storage[index] = CChar(bitPattern: byte) }
        storage[hostPath.count] = 0
    }

    deinit {
        storage.deallocate()
    }

    /// The path for the host, relative to `hostDirectory`.
    var hostPath: [UInt8] {
        Array(UnsafeRawBufferPointer(start: storage, count: strlen(storage)))
    }

    var pathAddress: UInt64 { UInt64(address: storage) }
}

/// Every path of the guest's goes through here: working directory, descriptors as starting points,
/// and /proc/self, which must speak of the guest. (Volumes will be looked up here, too.)
final class PathResolver: Sendable {
    static let pathByteCountMax = 4096

    let landmarks = HostLandmarks()
    /// Whether relative paths may lead below /proc: the working directory is / or /dev, or lies in /proc.
    private let isInSpecialDirectory = Atomic<Bool>(false)

    init() {
        workingDirectoryChanged()
    }

    var isWorkingDirectorySpecial: Bool {
        isInSpecialDirectory.load(ordering: .relaxed)
    }

    func workingDirectoryChanged() {
        var status = stat()
        let isSpecial = stat(".", &status) == 0 && landmarks.isSpecial(status)
        isInSpecialDirectory.store(isSpecial, ordering: .relaxed)
    }

    /// Resolves the path at a guest address, relative to a guest directory descriptor or AT_FDCWD.
    func resolve(
        _ kernel: GuestKernel, directory: UInt64, pathAt address: UInt64, followsLast: Bool
    ) -> Result<ResolvedPath, CallError> {
        let path: [UInt8]
        do {
            path = try GuestAccess.string(at: address, limit: PathResolver.pathByteCountMax)
        } catch {
            return .failure(CallError(errno: error == .fault ? EFAULT : ENAMETOOLONG))
        }
        return resolve(kernel, directory: directory, path: path, followsLast: followsLast)
    }

    func resolve(
        _ kernel: GuestKernel, directory: UInt64, path: [UInt8], followsLast: Bool
    ) -> Result<ResolvedPath, CallError> {
        let isAbsolute = path.first == UInt8(ascii: "/")
        var start: FileDescription?
        if !isAbsolute, Int32(truncatingIfNeeded: directory) != AT_FDCWD {
            guard let file = kernel.files.find(directory) else { return .failure(CallError(errno: EBADF)) }
            start = file
        }
        if let synthetic = SyntheticPath.find(kernel, path: path, start: start, followsLast: followsLast) {
            return synthetic
        }
        let guestPath = isAbsolute ? path : joined(start?.openedPath, path)
        return .success(
            ResolvedPath(
                hostDirectory: start?.hostFD ?? AT_FDCWD, directory: start, hostPath: path, guestPath: guestPath))
    }

    private func joined(_ start: [UInt8]?, _ path: [UInt8]) -> [UInt8] {
        guard let start else { return path }
        return path.isEmpty ? start : start + [UInt8(ascii: "/")] + path
    }
}
