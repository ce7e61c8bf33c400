import Glibc
import GuestMemory
import Volumes

/// Where the guest's volumes are, and what else it may write to while it is replicated.
struct VolumeRoots: Sendable {
    private let volumes: [[UInt8]]
    /// What the user allows.
    private let exceptions: [[UInt8]]
    private let isConfined: Bool

    /// Devices, and what is the guest's own: whoever writes below /proc speaks to a kernel, and /dev/shm is memory.
    private static let alwaysWritable = ["/dev", "/proc", "/sys"].map { Array($0.utf8) }

    /// /dev/shm, which is a link on some systems.
    private static let sharedMemory: [UInt8] = {
        let path = "/dev/shm"
        guard let resolved = realpath(path, nil) else { return Array(path.utf8) }
        defer { free(resolved) }
        return Array(String(cString: resolved).utf8)
    }()
    /// The device that it lies on; nil where there is none.
    let sharedMemoryDevice = VolumePlaces.status(VolumeRoots.sharedMemory)?.st_dev

    init(_ configuration: GuestConfiguration) {
        volumes = configuration.volumes.map { Array($0.hostPath.utf8) }
        exceptions = configuration.writableExceptions.map { Array($0.utf8) }
        isConfined = configuration.confinesWrites
    }

    /// The place of an absolute path without links; nil outside every volume.
    func find(_ path: [UInt8]) -> VolumePath? {
        for (index, root) in volumes.enumerated() where VolumeRoots.lies(path, below: root) {
            return VolumePath(volume: UInt16(index), relative: Array(path.dropFirst(root.count + 1)))
        }
        return nil
    }

    /// Whether writing there is allowed although no mirror hears of it.
    func mayWriteOutside(_ path: [UInt8]) -> Bool {
        if !isConfined { return true }
        // "pipe:[12]", "/memfd:…": no file that anybody else could find.
        guard path.first == UInt8(ascii: "/"), !path.starts(with: "/memfd:".utf8) else { return true }
        return VolumeRoots.alwaysWritable.contains { VolumeRoots.lies(path, below: $0) } || isException(path)
    }

    var hasExceptions: Bool { !exceptions.isEmpty }

    /// Whether it is the user who allows writing there: where others see what is written.
    func isException(_ path: [UInt8]) -> Bool {
        exceptions.contains { VolumeRoots.lies(path, below: $0) }
    }

    /// Whether names there are of memory that programs share.
    func isSharedMemory(_ path: [UInt8]) -> Bool {
        VolumeRoots.lies(path, below: VolumeRoots.sharedMemory)
    }

    private static func lies(_ path: [UInt8], below root: [UInt8]) -> Bool {
        path.starts(with: root) && (path.count == root.count || path[root.count] == UInt8(ascii: "/"))
    }
}
