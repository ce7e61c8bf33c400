import Glibc

/// A file's bytes, mapped for as long as somebody looks at them.
enum MappedFile {
    /// Does not call `use` where the file cannot be had. A file that is cut short meanwhile would end this process:
    /// programs' files are not changed in place.
    static func read(_ path: [UInt8], _ use: (UnsafeRawBufferPointer) -> Void) {
        let descriptor = (path + [0]).withUnsafeBufferPointer { path in
            path.withMemoryRebound(to: CChar.self) { open($0.baseAddress!, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        }
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
        let byteCount = Int(status.st_size)
        guard let start = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            return
        }
        defer { munmap(start, byteCount) }
        use(UnsafeRawBufferPointer(start: start, count: byteCount))
    }
}
