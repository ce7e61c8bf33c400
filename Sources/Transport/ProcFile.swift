import Glibc

/// Small files below /proc.
enum ProcFile {
    /// More than any file that is read here has.
    private static let byteCountMax = 4096

    static func read(_ path: String) throws(TransportError) -> String {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw .failed("cannot read \(path)", errno) }
        let file = OwnedDescriptor(number)
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        // /proc gives files of this size whole, in one read.
        var count = Glibc.read(file.number, &bytes, byteCountMax)
        while count < 0, errno == EINTR { count = Glibc.read(file.number, &bytes, byteCountMax) }
        guard count >= 0 else { throw .failed("cannot read \(path)", errno) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// The inode of a namespace's file (namespaces(7)).
    static func namespace(_ path: String) throws(TransportError) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .failed("cannot look at \(path)", errno) }
        return UInt64(status.st_ino)
    }
}
