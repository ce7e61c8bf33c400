import Glibc
import GuestMemory

/// A path below /proc/self, which must speak of the guest.
struct SyntheticPath: Sendable {
    let node: ProcNode
    /// The path as the guest sees it: absolute, without links.
    let path: [UInt8]

    /// Looks whether a path leads below /proc/self. Nil for one that does not, which is nearly every one: an absolute
    /// path costs the look at a prefix, a relative one a look at the descriptor or a flag.
    ///
    /// A path that gets there by a symbolic link elsewhere, or by "..", is not seen here; where that matters, the
    /// resolver follows it (PathResolver.resolveChecked).
    static func find(
        _ kernel: GuestKernel, path: [UInt8], start: FileDescription?, followsLast: Bool, isFollowedHere: Bool
    ) -> Result<ResolvedPath, CallError>? {
        func find(_ path: [UInt8]) -> Result<ResolvedPath, CallError>? {
            SyntheticPath.find(kernel, absolute: path, followsLast: followsLast, isFollowedHere: isFollowedHere)
        }
        if path.first == UInt8(ascii: "/") { return find(path) }
        if path.isEmpty { return nil }
        if let start {
            guard let payload = start.payload, let place = payload as? SpecialDirectory else { return nil }
            return find(place.path + [UInt8(ascii: "/")] + path)
        }
        guard kernel.paths.isWorkingDirectorySpecial, let place = HostFile.workingDirectory() else { return nil }
        return find(place + [UInt8(ascii: "/")] + path)
    }

    /// `isFollowedHere` where the resolver goes on with a path that leads out of /proc again (`ResolvedPath.goesOn`),
    /// and not the host.
    static func find(
        _ kernel: GuestKernel, absolute path: [UInt8], followsLast: Bool, isFollowedHere: Bool = false
    ) -> Result<ResolvedPath, CallError>? {
        guard mayLeadToProc(path) else { return nil }
        return ProcWalk(kernel, path, followsLast: followsLast, isFollowedHere: isFollowedHere).resolve()
    }

    private static func mayLeadToProc(_ path: [UInt8]) -> Bool {
        guard path.count > 4 else { return false }
        switch path[1] {
        case UInt8(ascii: "p"): return path.starts(with: "/proc".utf8)
        case UInt8(ascii: "d"): return path.starts(with: "/dev/fd".utf8) || path.starts(with: "/dev/std".utf8)
        // "//proc", "/./proc", "/../proc"
        case UInt8(ascii: "/"), UInt8(ascii: "."): return true
        default: return false
        }
    }
}
