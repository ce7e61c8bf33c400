import Glibc

/// What operations and surveys say of a file, from what the kernel says of it (stat(2)).

extension FileOperation.Times {
    public init(_ status: stat) {
        self.init(
            accessNanoseconds: FileOperation.Times.nanoseconds(status.st_atim),
            modificationNanoseconds: FileOperation.Times.nanoseconds(status.st_mtim))
    }

    /// File systems may hold times that have no number here: those wrap around rather than stop the guest.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension FileOperation.Ownership {
    public init(_ status: stat) {
        self.init(mode: UInt32(status.st_mode) & 0o7777, user: status.st_uid, group: status.st_gid)
    }
}
