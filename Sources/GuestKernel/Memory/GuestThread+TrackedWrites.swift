import Glibc
import GuestMemory

/// Host calls that write to guest memory, where pages may be closed to find out which are written (`--tracker signal`).
/// The host's kernel answers EFAULT there, and some calls have by then taken what they cannot give any more: a
/// datagram, an event's count. With the kernel's tracker, or none, this is a test of a flag.
extension GuestThread {
    /// Runs `call`, which writes up to `count` bytes at a guest's address.
    @inline(__always)
    func writing(_ address: UInt64, _ count: Int, _ call: () -> Int) -> Int {
        kernel.memory.writing(address, count, call)
    }

    /// The same with up to a page each at two more addresses, of which 0 stands for none.
    @inline(__always)
    func writing(
        _ address: UInt64, _ count: Int, and second: UInt64, _ third: UInt64, _ call: () -> Int
    ) -> Int {
        if !kernel.memory.mayRefuseWrites { return call() }
        let ranges = [
            AddressRange(guestStart: address, count: UInt64(count)), TrackedWindow.small(second),
            TrackedWindow.small(third),
        ]
        return kernel.memory.holding(ranges.compactMap { $0 }, call)
    }

    /// Runs `call`, which writes to what a guest's I/O vectors name, and up to a page at another address.
    @inline(__always)
    func writing(_ pieces: IOVectors, and other: UInt64 = 0, _ call: () -> Int) -> Int {
        if !kernel.memory.mayRefuseWrites { return call() }
        return kernel.memory.holding(pieces.ranges + [TrackedWindow.small(other)].compactMap { $0 }, call)
    }

    /// As `writing`, where `call` reads from a file.
    @inline(__always)
    func reading(_ file: FileDescription, _ address: UInt64, _ count: Int, _ call: () -> Int) -> Int {
        let wasDirect = file.isDirect
        let result = writing(address, count, call)
        if result != 0, wasDirect || file.isDirect { kernel.memory.noteWrittenDirectly(address, count) }
        return result
    }

    @inline(__always)
    func reading(_ file: FileDescription, _ pieces: IOVectors, _ call: () -> Int) -> Int {
        let wasDirect = file.isDirect
        let result = writing(pieces, call)
        if result != 0, wasDirect || file.isDirect {
            for range in pieces.ranges { kernel.memory.noteWrittenDirectly(range.start, Int(range.count)) }
        }
        return result
    }

    /// Runs `call`, which can be made again, once more where it was refused: with up to 64 KiB open from each of these
    /// addresses, of which 0 stands for none.
    @inline(__always)
    func opening(_ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0, _ call: () -> Int) -> Int {
        let result = call()
        if result != -Int(EFAULT) || !kernel.memory.mayRefuseWrites { return result }
        return kernel.memory.holding([first, second, third].compactMap(TrackedWindow.large), call)
    }
}

extension FileDescription {
    /// Whether what is read goes from the disk into memory without the page cache (O_DIRECT).
    fileprivate var isDirect: Bool {
        // O_DIRECT of uapi/asm-generic/fcntl.h; Glibc shows it to GNU sources only.
        statusFlags.load(ordering: .relaxed) & 0o40000 != 0
    }
}

/// How much is opened for a call whose argument says nothing of its size.
enum TrackedWindow {
    static func large(_ address: UInt64) -> AddressRange? {
        address == 0 ? nil : AddressRange(guestStart: address, count: 64 << 10)
    }

    static func small(_ address: UInt64) -> AddressRange? {
        address == 0 ? nil : AddressRange(guestStart: address, count: pageSize)
    }
}

extension IOVectors {
    /// The guest's memory that the vectors name.
    var ranges: [AddressRange] {
        (0..<count).compactMap { index in
            AddressRange(guestStart: UInt64(address: base[index].iov_base), count: UInt64(base[index].iov_len))
        }
    }
}
