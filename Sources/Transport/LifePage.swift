import Glibc
import Synchronization

/// A page of memory that a primary and its mirror on the same machine share, by which each sees the other's death
/// within about a millisecond, however much memory it has (architecture §6): exit(2) gives memory back before it closes
/// descriptors, but lets go of robust futexes before either (kernel/futex/core.c, futex_exit_release).
///
/// Each process locks a robust mutex of its own for as long as it lives; the other sleeps in pthread_mutex_lock(3) on
/// it and gets EOWNERDEAD. A kill for want of memory may be an exception, because the kernel can take the list of held
/// locks away before the process exits: the end of the link is the sign that remains then.
///
/// Sound as unchecked: the words are only touched as atomics, the mutexes only by pthread calls, and the mapping stays
/// for the life of the object, which a holding thread or a waiting one keeps alive.
public final class LifePage: @unchecked Sendable {
    private let owned: OwnedDescriptor
    private let base: UnsafeMutableRawPointer

    /// A page made here, for both; the other process gets its descriptor.
    public static func create() throws(TransportError) -> LifePage {
        let number = HostSystemCall.withName("understudy-life") { name in
            HostSystemCall.call(HostSystemCall.memfdCreate, name, Layout.closeOnExec | Layout.allowSealing)
        }
        guard number >= 0 else { throw .failed("no memory to share with the peer", Int32(-number)) }
        let owned = OwnedDescriptor(Int32(number))
        guard ftruncate(owned.number, Layout.byteCount) == 0,
            fcntl(owned.number, Layout.addSeals, Layout.sizeSeals) == 0
        else { throw .failed("no memory to share with the peer", errno) }
        let page = try LifePage(owned)
        try page.initialise()
        return page
    }

    /// The page that the other process has made. Takes `descriptor` over, also when it throws.
    public convenience init(descriptor: Int32) throws(TransportError) {
        let owned = OwnedDescriptor(descriptor)
        var status = stat()
        // Sealed: nobody can make it shorter, which would end us with SIGBUS.
        guard fstat(descriptor, &status) == 0, status.st_size == Layout.byteCount,
            fcntl(descriptor, Layout.getSeals) & Layout.sizeSeals == Layout.sizeSeals
        else { throw TransportError("the peer's descriptor is not a life page") }
        try self.init(owned)
        guard base.load(as: UInt64.self) == Layout.magic else {
            throw TransportError("the peer's life page is of another kind: use the same version on both sides")
        }
    }

    private init(_ owned: consuming OwnedDescriptor) throws(TransportError) {
        let mapped = mmap(nil, Layout.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, owned.number, 0)
        guard let mapped, mapped != MAP_FAILED else { throw .failed("cannot map the life page", errno) }
        base = mapped
        self.owned = owned
    }

    deinit {
        munmap(base, Layout.byteCount)
    }

    private func initialise() throws(TransportError) {
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        defer { pthread_mutexattr_destroy(&attributes) }
        pthread_mutexattr_setpshared(&attributes, Int32(PTHREAD_PROCESS_SHARED))
        pthread_mutexattr_setrobust(&attributes, Int32(PTHREAD_MUTEX_ROBUST))
        for role in PeerRole.allCases {
            let result = pthread_mutex_init(mutex(of: role), &attributes)
            guard result == 0 else { throw .failed("no robust mutex", result) }
        }
        base.storeBytes(of: Layout.magic, as: UInt64.self)
    }

    /// To be handed to the other process; it stays this object's.
    public var descriptor: Int32 { owned.number }

    // MARK: - The parts of the page

    func mutex(of role: PeerRole) -> UnsafeMutablePointer<pthread_mutex_t> {
        (base + Layout.mutexes + Int(role.rawValue - 1) * Layout.lineByteCount)
            .assumingMemoryBound(to: pthread_mutex_t.self)
    }

    func lifeWord(of role: PeerRole) -> UnsafeMutablePointer<Atomic<UInt32>> {
        (base + Layout.lives + Int(role.rawValue - 1) * Layout.lineByteCount)
            .assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    var continuingWord: UnsafeMutablePointer<Atomic<UInt32>> {
        (base + Layout.continuing).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    var releasedWord: UnsafeMutablePointer<Atomic<UInt64>> {
        (base + Layout.released).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Offsets, each in a cache line of its own: what one side writes often must not slow the other.
    private enum Layout {
        static let byteCount = 4096
        static let lineByteCount = 64
        static let mutexes = 64
        static let lives = 192
        static let continuing = 320
        static let released = 384
        /// "usLife" and the layout's version.
        static let magic: UInt64 = 0x0001_6566_694c_7375

        // linux/memfd.h and linux/fcntl.h; glibc shows them to GNU sources only.
        static let closeOnExec = 1
        static let allowSealing = 2
        static let addSeals: Int32 = 1033
        static let getSeals: Int32 = 1034
        /// F_SEAL_SHRINK | F_SEAL_GROW.
        static let sizeSeals: Int32 = 2 | 4
    }
}
