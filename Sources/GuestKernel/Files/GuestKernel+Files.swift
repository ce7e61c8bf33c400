import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension GuestKernel {
    /// Gives the guest the descriptors that the supervisor was started with: 0, 1, 2 and whatever
    /// else was left open for it.
    public func adoptOutsideDescriptors(_ descriptors: [Int32]) {
        for descriptor in descriptors {
            guard let file = OutsideFile.adopt(descriptor) else { continue }
            _ = files.place(file, at: Int(descriptor), closesOnExec: false)
        }
    }
}

/// A descriptor that came from outside. Its description is shared with strangers, so its flags are
/// never changed: pipes and terminals are opened anew, without blocking, through /proc/self/fd.
enum OutsideFile {
    static func adopt(
        _ descriptor: Int32, identity: UInt64 = FileDescription.nextIdentity()
    ) -> FileDescription? {
        let flags = Int32(truncatingIfNeeded: hostCall(__NR_fcntl, UInt64(signed: descriptor), UInt64(F_GETFL)))
        guard flags >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let kind = OpenCalls.kind(of: status, descriptor)
        let duplicate = reopened(descriptor, kind, flags) ?? duplicated(descriptor)
        guard let duplicate else { return nil }
        return FileDescription(
            kind: kind, hostFD: duplicate, statusFlags: flags,
            record: .outside(OutsideRecord(descriptor: descriptor)), identity: identity)
    }

    static func reopened(_ descriptor: Int32, _ kind: FileDescription.Kind, _ flags: Int32) -> Int32? {
        guard kind == .pipe || kind == .terminal else { return nil }
        var path = Array("/proc/self/fd/\(descriptor)".utf8) + [0]
        let access = flags & O_ACCMODE | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        let opened = hostCall(
            __NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: &path), UInt64(UInt32(bitPattern: access)))
        return opened < 0 ? nil : Int32(opened)
    }

    private static func duplicated(_ descriptor: Int32) -> Int32? {
        let opened = hostCall(__NR_fcntl, UInt64(signed: descriptor), UInt64(F_DUPFD_CLOEXEC), 3)
        return opened < 0 ? nil : Int32(opened)
    }
}
