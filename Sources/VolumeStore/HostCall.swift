import CGuestEntry
import Glibc

/// A raw syscall, made again where a signal interrupts it (syscall(2)).
@discardableResult
func hostCall(
    _ number: Int32, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0, _ d: UInt64 = 0, _ e: UInt64 = 0
) throws(Errno) -> Int {
    while true {
        let result = host_call(Int(number), a, b, c, d, e, 0)
        if result >= 0 { return result }
        if result != -Int(EINTR) { throw Errno(Int32(-result)) }
    }
}

extension UInt64 {
    /// The address of host memory, as a syscall's argument.
    init(address pointer: UnsafeRawPointer?) {
        self = UInt64(UInt(bitPattern: pointer))
    }

    /// A signed argument (a descriptor, AT_FDCWD) as a syscall takes it: sign-extended.
    init(signed value: Int32) {
        self = UInt64(bitPattern: Int64(value))
    }
}

/// A path or name as the kernel takes it.
struct HostPath: ~Copyable {
    private let storage: UnsafeMutableBufferPointer<UInt8>

    init(_ path: some Collection<UInt8>) {
        storage = .allocate(capacity: path.count + 1)
        let end = storage.initialize(fromContentsOf: path)
        storage.initializeElement(at: end, to: 0)
    }

    /// A file that is open here, by way of its descriptor: also one that has no name any more.
    init(descriptor: Int32) {
        self.init("/proc/self/fd/\(descriptor)".utf8)
    }

    deinit {
        storage.deallocate()
    }

    var address: UInt64 { UInt64(address: storage.baseAddress) }
    var bytes: [UInt8] { Array(storage.dropLast()) }
}

/// An open file that is closed when its owner goes.
struct HostFile: ~Copyable, Sendable {
    let descriptor: Int32

    init(_ descriptor: Int) {
        self.descriptor = Int32(descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// The descriptor, which is closed by somebody else from now on.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }
}
