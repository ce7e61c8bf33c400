import CGuestEntry
import Glibc
import GuestMemory

/// Keeps what a mirror would be sent, frame behind frame: `understudy bench` encodes recorded pages again and again.
///
/// For the life of the process.
final class BlackholeFile: Sendable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(SupervisorError) {
        self.path = path
        let opened = path.withCString { path in
            hostCall(
                __NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path),
                UInt64(O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY), 0o666)
        }
        guard opened >= 0 else {
            throw SupervisorError(.failed, "--blackhole-file \(path): \(errorText(Int32(-opened)))")
        }
        descriptor = Int32(opened)
    }

    /// All of it.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SupervisorError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = hostCall(
                __NR_write, UInt64(signed: descriptor), UInt64(address: rest.baseAddress), UInt64(rest.count))
            if written == -Int(EINTR) { continue }
            guard written > 0 else {
                throw SupervisorError(.failed, "--blackhole-file \(path): \(errorText(Int32(-written)))")
            }
            done += written
        }
    }
}
