public import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// The shared memory that the guest's threads write trace records to, and another process reads (guest_trace.h).
public final class TraceArea: Sendable {
    /// How an area is made.
    public struct Options: Sendable {
        public var calls = CallSelection.all
        /// Bytes of a thread's ring: a power of two, and at least 64 KiB.
        public var ringByteCount = 1 << 20
        /// The most bytes of a buffer or string that are kept.
        public var textByteCount = 32
        /// What finds no room is dropped and counted. Otherwise the guest waits for the reader.
        public var drops = false
        /// Whether anybody wants to know when something happened, or how long it took.
        public var needsTimes = true
        public init() {}
    }

    /// Both sides' descriptors of it, closed on exec: the file, and what the reader sleeps on.
    public let descriptor: Int32
    public let wakeDescriptor: Int32
    public let ringByteCount: Int
    /// Sound: mapped for as long as the process lives; its fields are atomic in C, or written before anybody reads.
    nonisolated(unsafe) private let area: UnsafeMutablePointer<guest_trace_area>
    private let rings = Mutex<[Ring]>([])
    /// What the supervisor's own threads write to, one at a time.
    let noteRing = Mutex<Ring?>(nil)

    /// Sound: a ring is mapped for good.
    struct Ring: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<guest_trace_ring>
    }

    /// A reader that has not heard of a ring yet finds it in the file: this many at most, each with its own memory only
    /// once it is used.
    public static let ringCountMax = 65_536
    public static let ringByteCountMin = 64 << 10
    private static let roomyRingCount = 1024
    // linux/memfd.h; not visible to Swift.
    private static let closesOnExec: UInt64 = 1
    private static let allowsSealing: UInt64 = 2

    /// Throws an errno.
    public init(_ options: Options) throws(TraceAreaError) {
        ringByteCount = options.ringByteCount
        precondition(ringByteCount >= TraceArea.ringByteCountMin && ringByteCount & (ringByteCount - 1) == 0)
        var name: [CChar] = Array("understudy-trace".utf8CString)
        let flags = TraceArea.closesOnExec | TraceArea.allowsSealing
        descriptor = Int32(try TraceAreaError.check(hostCall(__NR_memfd_create, UInt64(address: &name), flags)))
        wakeDescriptor = Int32(
            try TraceAreaError.check(hostCall(__NR_eventfd2, 0, UInt64(O_CLOEXEC | O_NONBLOCK))))
        _ = try TraceAreaError.check(
            hostCall(__NR_ftruncate, UInt64(signed: descriptor), UInt64(GUEST_TRACE_PAGE_BYTES)))
        // Room for many rings, which takes no memory before they are used: RLIMIT_FSIZE, which a guest may set, would
        // keep the file from growing. Beyond that, or where there is no such room now, it grows with each ring.
        _ = try? TraceArea.grow(descriptor, to: TraceArea.roomyByteCount(ringByteCount))
        // Who finds the file in /proc cannot make it shorter: a ring that is gone would be SIGBUS.
        _ = try TraceAreaError.check(
            hostCall(
                __NR_fcntl, UInt64(signed: descriptor), MemoryFileSeals.add,
                MemoryFileSeals.ofShrinking | MemoryFileSeals.ofSealing))
        area = try TraceArea.mapArea(descriptor)
        area.pointee.version = GUEST_TRACE_VERSION
        area.pointee.ring_bytes = UInt32(ringByteCount)
        area.pointee.drops = options.drops ? 1 : 0
        area.pointee.text_bytes = UInt32(clamping: options.textByteCount)
        area.pointee.clock = TraceArea.clock(options)
        withUnsafeMutableBytes(of: &area.pointee.calls) { calls in
            withUnsafeBytes(of: options.calls) { calls.copyMemory(from: $0) }
        }
        guest_trace_set_area(area, wakeDescriptor)
        // What keeps this process from making rings (RLIMIT_FSIZE, memory) is seen before there is a guest.
        try rings.withLock { rings throws(TraceAreaError) in
            let first = try addRing(&rings)
            guest_trace_give_back(first)
        }
    }

    /// The same area in a forked process: what is mapped stays so, and the locks are its own.
    init(forking parent: TraceArea) {
        descriptor = parent.descriptor
        wakeDescriptor = parent.wakeDescriptor
        ringByteCount = parent.ringByteCount
        area = parent.area
        let mapped = parent.rings.withLock { $0 }
        rings.withLock { $0 = mapped }
    }

    /// The epoch that the guest is in: one more than was cut last.
    func setEpoch(_ epoch: UInt64) {
        guest_trace_set_epoch(area, epoch)
    }

    var epoch: UInt64 { guest_trace_epoch(area) }

    /// Maps the file's first page.
    public static func mapArea(_ descriptor: Int32) throws(TraceAreaError) -> UnsafeMutablePointer<guest_trace_area> {
        let address = try TraceAreaError.check(
            hostCall(
                __NR_mmap, 0, UInt64(GUEST_TRACE_PAGE_BYTES), UInt64(PROT_READ | PROT_WRITE), UInt64(MAP_SHARED),
                UInt64(signed: descriptor), 0))
        return UnsafeMutableRawPointer(bitPattern: address)!.bindMemory(to: guest_trace_area.self, capacity: 1)
    }

    private static func clock(_ options: Options) -> UInt32 {
        if !options.needsTimes { return GUEST_TRACE_CLOCK_NONE }
        // The same on every processor and never standing still, it is also what the kernel's clocks go by, or could.
        return guest_processor_has_steady_counter() ? GUEST_TRACE_CLOCK_COUNTER : GUEST_TRACE_CLOCK_MONOTONIC
    }

    // MARK: - Rings

    /// A ring for a thread; nil when the host has no memory for one, or when too many that threads have left are still
    /// to be read.
    func takeRing() -> UnsafeMutablePointer<guest_trace_ring>? {
        rings.withLock { rings in
            for ring in rings where guest_trace_take(ring.pointer) { return ring.pointer }
            guard rings.count < TraceArea.ringCountMax,
                rings.count(where: { guest_trace_is_unread($0.pointer) }) < TraceArea.unreadCountMax
            else { return nil }
            return try? addRing(&rings)
        }
    }

    private func addRing(_ rings: inout [Ring]) throws(TraceAreaError) -> UnsafeMutablePointer<guest_trace_ring> {
        // The file grows in one process at a time.
        lockFile(Int16(F_WRLCK))
        defer { lockFile(Int16(F_UNLCK)) }
        // What others have added meanwhile is theirs until they give it back, and then anybody's.
        while rings.count < Int(guest_trace_ring_count(area)) {
            let offset = TraceArea.offset(ofRing: rings.count, ringByteCount)
            rings.append(Ring(pointer: try TraceArea.mapRing(descriptor, offset, ringByteCount)))
        }
        let made = try makeRing(rings.count)
        rings.append(Ring(pointer: made))
        guest_trace_add_ring(area)
        return made
    }

    /// fcntl(2)'s record locks are of a process.
    private func lockFile(_ kind: Int16) {
        var lock = flock()
        lock.l_type = kind
        retryingInterrupts {
            hostCall(__NR_fcntl, UInt64(signed: descriptor), UInt64(F_SETLKW), UInt64(address: &lock))
        }
    }

    /// Threads may come and go faster than their records are read.
    private static let unreadCountMax = 64

    /// The ring's thread has written its last record.
    func giveBack(_ ring: UnsafeMutablePointer<guest_trace_ring>) {
        guest_trace_give_back(ring)
    }

    private func makeRing(_ index: Int) throws(TraceAreaError) -> UnsafeMutablePointer<guest_trace_ring> {
        let offset = TraceArea.offset(ofRing: index, ringByteCount)
        let end = offset + Int(GUEST_TRACE_PAGE_BYTES) + ringByteCount
        try TraceArea.grow(descriptor, to: end)
        return try TraceArea.mapRing(descriptor, offset, ringByteCount)
    }

    /// Makes the file so long at least. Beyond RLIMIT_FSIZE the host would send SIGXFSZ, which would be the guest's.
    private static func grow(_ descriptor: Int32, to end: Int) throws(TraceAreaError) {
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_size >= end { return }
        guard fileByteCountMax >= UInt64(end) else { throw TraceAreaError(errno: EFBIG) }
        _ = try TraceAreaError.check(hostCall(__NR_ftruncate, UInt64(signed: descriptor), UInt64(end)))
    }

    /// RLIMIT_FSIZE, as it is now.
    private static var fileByteCountMax: UInt64 {
        var limit = rlimit()
        hostCall(__NR_prlimit64, 0, UInt64(RLIMIT_FSIZE.rawValue), 0, UInt64(address: &limit))
        return UInt64(limit.rlim_cur)
    }

    /// The file with as many rings as the guest's first threads may need, or as its owner's limit leaves room for.
    private static func roomyByteCount(_ ringByteCount: Int) -> Int {
        let first = offset(ofRing: 0, ringByteCount)
        let ring = offset(ofRing: 1, ringByteCount) - first
        let fitting = (Int(clamping: fileByteCountMax) - first) / ring
        return first + min(roomyRingCount, max(fitting, 0)) * ring
    }

    /// Where a ring is in the file.
    public static func offset(ofRing index: Int, _ ringByteCount: Int) -> Int {
        let page = Int(GUEST_TRACE_PAGE_BYTES)
        return page + index * (page + ringByteCount)
    }

    /// Maps a ring's page and its bytes, and these once more behind them.
    public static func mapRing(
        _ descriptor: Int32, _ offset: Int, _ ringByteCount: Int
    ) throws(TraceAreaError) -> UnsafeMutablePointer<guest_trace_ring> {
        let page = Int(GUEST_TRACE_PAGE_BYTES)
        let place = try TraceAreaError.check(
            hostCall(
                __NR_mmap, 0, UInt64(page + 2 * ringByteCount), UInt64(PROT_NONE), UInt64(MAP_PRIVATE | MAP_ANONYMOUS),
                UInt64.max, 0))
        for (start, count, from) in [
            (place, page + ringByteCount, offset), (place + page + ringByteCount, ringByteCount, offset + page),
        ] {
            _ = try TraceAreaError.check(
                hostCall(
                    __NR_mmap, UInt64(start), UInt64(count), UInt64(PROT_READ | PROT_WRITE),
                    UInt64(MAP_SHARED | MAP_FIXED), UInt64(signed: descriptor), UInt64(from)))
        }
        return UnsafeMutableRawPointer(bitPattern: place)!.bindMemory(to: guest_trace_ring.self, capacity: 1)
    }

    // MARK: - What became of it

    /// The reader has ended: nothing waits for it from here on.
    public func setReaderGone() {
        guest_trace_set_reader_gone(area)
        rings.withLock { rings in
            for ring in rings { guest_trace_wake_writer(ring.pointer) }
        }
    }

    /// Records that found no room.
    public var droppedCount: UInt64 { guest_trace_dropped(area) }

    /// Records that lie in the rings and that nobody has read.
    public var unreadCount: UInt64 {
        rings.withLock { rings in rings.reduce(0) { $0 + guest_trace_unread($1.pointer) } }
    }
}
