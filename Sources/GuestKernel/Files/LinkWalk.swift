import Glibc
import GuestMemory

/// Follows symbolic links one by one, as far as the guest's own /proc, for paths on which the host must not do so.
enum LinkWalk {
    /// MAXSYMLINKS (linux/namei.h).
    private static let linkCountMax = 40

    /// The path below /proc/self that the links lead to; nil when they lead elsewhere.
    static func follow(_ kernel: GuestKernel, _ resolved: ResolvedPath, followsLast: Bool) -> ResolvedPath? {
        var path = resolved.hostPath
        var directory = resolved.hostDirectory
        if path.first != UInt8(ascii: "/") {
            let start =
                directory == AT_FDCWD ? HostFile.workingDirectory() : HostFile.link(ofDescriptor: directory)
            guard let start, start.first == UInt8(ascii: "/") else { return nil }
            path = start + [UInt8(ascii: "/")] + path
            directory = AT_FDCWD
        }
        for _ in 0..<linkCountMax {
            switch SyntheticPath.find(kernel, absolute: path, followsLast: followsLast) {
            case .success(let found)?: return found
            case .failure?: return nil
            case nil: break
            }
            guard let next = withFirstLinkReplaced(path, followsLast: followsLast) else { return nil }
            path = next
        }
        return nil
    }

    private static func withFirstLinkReplaced(_ path: [UInt8], followsLast: Bool) -> [UInt8]? {
        var end = 0
        while end < path.count {
            let start = path[end...].firstIndex { $0 != UInt8(ascii: "/") } ?? path.count
            end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
            if end == path.count, !followsLast { return nil }
            guard start < end, let target = HostFile.link(Array(path[..<end])) else { continue }
            let base = target.first == UInt8(ascii: "/") ? [] : Array(path[..<start])
            return base + target + path[end...]
        }
        return nil
    }
}
