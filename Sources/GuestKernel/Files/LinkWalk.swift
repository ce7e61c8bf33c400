import CGuestEntry
import Glibc
import GuestMemory

/// Follows symbolic links one by one, as far as the guest's own /proc, for paths on which the host must not do so.
enum LinkWalk {
    /// MAXSYMLINKS (linux/namei.h).
    private static let linkCountMax = 40

    /// A path for a call that changes what it leads to, by a link in the last place as well: where links on it lead to
    /// /proc/self, to what the guest has there. The host would take them to a descriptor of the supervisor's.
    static func forChange(_ kernel: GuestKernel, _ resolved: ResolvedPath) -> Result<ResolvedPath, CallError> {
        if resolved.synthetic != nil { return .success(resolved) }
        let request = OpenCalls.Request(path: 0, flags: OpenCalls.pathOnly, mode: 0)
        let opened = OpenCalls.openOnce(resolved, request, resolution: PathWalkOptions.withoutMagicLinks)
        if opened >= 0 { hostCall(__NR_close, UInt64(opened)) }
        guard opened == -Int(ELOOP) else { return .success(resolved) }
        return follow(kernel, resolved, followsLast: true).map { $0 ?? resolved }
    }

    /// The path below /proc/self that the links lead to; nil when they lead elsewhere, and an error where the guest has
    /// nothing there.
    static func follow(
        _ kernel: GuestKernel, _ resolved: ResolvedPath, followsLast: Bool
    ) -> Result<ResolvedPath?, CallError> {
        var path = resolved.hostPath
        var directory = resolved.hostDirectory
        if path.first != UInt8(ascii: "/") {
            let start =
                directory == AT_FDCWD ? HostFile.workingDirectory() : HostFile.link(ofDescriptor: directory)
            guard let start, start.first == UInt8(ascii: "/") else { return .success(nil) }
            path = start + [UInt8(ascii: "/")] + path
            directory = AT_FDCWD
        }
        // What the resolver has put in place of a path below /proc/self is the host's to follow.
        if SyntheticPath.find(kernel, absolute: path, followsLast: followsLast) != nil { return .success(nil) }
        for _ in 0..<linkCountMax {
            guard let next = withFirstLinkReplaced(path, followsLast: followsLast) else { return .success(nil) }
            path = next
            switch SyntheticPath.find(kernel, absolute: path, followsLast: followsLast) {
            case .success(let found)?: return .success(found)
            case .failure(let error)?: return .failure(error)
            case nil: break
            }
        }
        return .success(nil)
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
