import CGuestEntry
import Glibc
import GuestMemory

/// The supervisor's own reading of host files, for what the guest's /proc takes over from the host.
enum HostFile {
    /// Opens a path; a host descriptor or a negative errno.
    static func open(_ path: [UInt8], flags: Int32, at directory: Int32 = AT_FDCWD, mode: UInt64 = 0) -> Int {
        let hostFlags = UInt64(UInt32(bitPattern: flags | O_CLOEXEC))
        return withPath(path) { address in
            retryingInterrupts { hostCall(__NR_openat, UInt64(signed: directory), address, hostFlags, mode) }
        }
    }

    /// openat2(2) of the path at an address, as `how` says; a host descriptor or a negative errno.
    static func open(_ address: UInt64, _ how: OpenCalls.OpenHow, at directory: Int32) -> Int {
        withUnsafeBytes(of: how) { how in
            hostCall(
                __NR_openat2, UInt64(signed: directory), address, UInt64(address: how.baseAddress), UInt64(how.count))
        }
    }

    /// Calls `body` with the address of the path and a NUL behind it.
    static func withPath(_ path: [UInt8], _ body: (UInt64) -> Int) -> Int {
        (path + [0]).withUnsafeBytes { body(UInt64(address: $0.baseAddress)) }
    }

    /// The whole file; empty when it cannot be read.
    static func contents(_ path: String) -> [UInt8] {
        let hostFD = open(Array(path.utf8), flags: O_RDONLY)
        guard hostFD >= 0 else { return [] }
        defer { hostCall(__NR_close, UInt64(hostFD)) }
        var bytes: [UInt8] = []
        let chunkByteCount = 4096
        withUnsafeTemporaryAllocation(byteCount: chunkByteCount, alignment: 16) { buffer in
            while true {
                let count = retryingInterrupts {
                    hostCall(__NR_read, UInt64(hostFD), UInt64(address: buffer.baseAddress), UInt64(chunkByteCount))
                }
                if count <= 0 { return }
                bytes.append(contentsOf: buffer[..<count])
            }
        }
        return bytes
    }

    /// A symbolic link's target; nil when it is none.
    static func link(_ path: [UInt8], at directory: Int32 = AT_FDCWD) -> [UInt8]? {
        let limit = PathResolver.pathByteCountMax
        return withUnsafeTemporaryAllocation(byteCount: limit, alignment: 16) { buffer in
            let count = withPath(path) { address in
                hostCall(
                    __NR_readlinkat, UInt64(signed: directory), address, UInt64(address: buffer.baseAddress),
                    UInt64(limit))
            }
            return count < 0 ? nil : Array(buffer[..<count])
        }
    }

    /// XATTR_SIZE_MAX (limits.h).
    private static let attributeByteCountMax = 65_536

    /// An extended attribute's value; nil when there is none.
    static func attribute(_ name: [UInt8], of path: [UInt8], followsLast: Bool) -> [UInt8]? {
        let call = followsLast ? __NR_getxattr : __NR_lgetxattr
        return withUnsafeTemporaryAllocation(byteCount: attributeByteCountMax, alignment: 16) { buffer in
            let count = withPath(path) { path in
                withPath(name) { name in
                    hostCall(call, path, name, UInt64(address: buffer.baseAddress), UInt64(attributeByteCountMax))
                }
            }
            return count < 0 ? nil : Array(buffer[..<count])
        }
    }

    /// What the host calls the thing behind a descriptor: a path, or the like of "pipe:[12]".
    static func link(ofDescriptor hostFD: Int32) -> [UInt8]? {
        link(descriptorPath(hostFD))
    }

    /// The path that names a host descriptor's object.
    static func descriptorPath(_ hostFD: Int32) -> [UInt8] {
        Array("/proc/self/fd/\(hostFD)".utf8)
    }

    /// The working directory; nil when it has been removed.
    static func workingDirectory() -> [UInt8]? {
        let limit = PathResolver.pathByteCountMax
        return withUnsafeTemporaryAllocation(byteCount: limit, alignment: 16) { buffer in
            let count = hostCall(__NR_getcwd, UInt64(address: buffer.baseAddress), UInt64(limit))
            // A directory outside the root is shown as "(unreachable)…" (getcwd(2)).
            guard count > 1, buffer[0] == UInt8(ascii: "/") else { return nil }
            return Array(buffer[..<(count - 1)])
        }
    }
}
