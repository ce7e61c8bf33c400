import CGuestEntry
import Glibc
import GuestMemory

/// fd/N and fdinfo/N: the guest's descriptors, by what the host says of the descriptors behind them.
enum ProcDescriptors {
    /// The link's text: a path, or the like of "socket:[12]".
    static func link(_ file: FileDescription, _ kernel: GuestKernel) -> [UInt8]? {
        switch file.kind {
        // An eventfd may stand behind these.
        case .signal: return Array("anon_inode:[signalfd]".utf8)
        case .timer: return Array("anon_inode:[timerfd]".utf8)
        case .synthetic: return file.openedPath
        case .directory: break
        default: return kernel.paths.guestPath(ofDescriptor: file.hostFD)
        }
        if let place = file.payload as? SpecialDirectory, place.node != nil { return place.path }
        return kernel.paths.guestPath(ofDescriptor: file.hostFD)
    }

    /// fdinfo/N: the host's, with the guest's own flags. An epoll set's lines about its members name host descriptors
    /// and are left out.
    static func information(_ kernel: GuestKernel, _ descriptor: Int32, _ file: FileDescription) -> [UInt8] {
        var text = ByteText()
        for line in HostFile.contents("/proc/self/fdinfo/\(file.hostFD)").split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: "tfd:".utf8) { continue }
            if line.starts(with: "flags:".utf8) {
                var flags = file.statusFlags.load(ordering: .relaxed)
                if kernel.files.closesOnExec(descriptor) == true { flags |= O_CLOEXEC }
                text.append("flags:\t0\(String(flags, radix: 8))")
            } else {
                text.append(line)
            }
            text.append("\n")
        }
        return text.bytes
    }
}
