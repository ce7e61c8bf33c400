import CGuestEntry
import Glibc
import GuestMemory

/// Where the host's special directories are, so that an opened file can be told to lie in one of them.
struct HostLandmarks: Sendable {
    private struct Place: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
    }

    /// procfs's device; all ones, which no device is, where there is none.
    private let procDevice: UInt64
    private let root: Place?
    private let devices: Place?
    /// The supervisor's resident pages before a guest was loaded, and those of them that are files'.
    let pageCounts: (resident: UInt64, shared: UInt64)

    init() {
        procDevice = HostLandmarks.place("/proc/self/")?.device ?? .max
        root = HostLandmarks.place("/")
        devices = HostLandmarks.place("/dev")
        pageCounts = ProcMemory.hostPageCounts()
    }

    private static func place(_ path: String) -> Place? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Place(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    func isInProc(_ status: stat) -> Bool {
        UInt64(status.st_dev) == procDevice
    }

    /// Whether relative paths from this directory may lead below /proc without a "..".
    func isSpecial(_ status: stat) -> Bool {
        if isInProc(status) { return true }
        let place = Place(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        return place == root || place == devices
    }
}
