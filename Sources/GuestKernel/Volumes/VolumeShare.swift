import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Memory that the supervisors of a guest and of its children share: one lock for all that any of them does to the
/// files of volumes, and what they have done and the first of them has not taken yet.
///
/// The lock is a robust one of the C library's: where its holder dies, the next one to take it hears of that. A
/// supervisor's own threads come one at a time (`VolumeJournal`), so that it is one process that holds it.
///
/// Sound as unchecked: words are only touched as atomics, the mutex only by pthread calls and as the kernel does it,
/// the buffer only with the lock. The mapping stays for the life of the process.
final class VolumeShare: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    /// 0 is the guest's first process; no two processes of a guest have the same.
    let serial: UInt32
    let pid: Int32

    /// Who wants to change something and finds so much waits.
    static let waitingByteCountMax = 32 << 20
    private static let byteCount = 64 << 20
    /// Less than this is not worth a call to give back.
    private static let keptByteCount = 1 << 20

    /// Of a guest's first process. Nil without memory.
    init?() {
        let mapped = mmap(
            nil, VolumeShare.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { return nil }
        base = mapped
        serial = 0
        pid = getpid()
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        defer { pthread_mutexattr_destroy(&attributes) }
        pthread_mutexattr_setpshared(&attributes, Int32(PTHREAD_PROCESS_SHARED))
        pthread_mutexattr_setrobust(&attributes, Int32(PTHREAD_MUTEX_ROBUST))
        guard pthread_mutex_init(mutex, &attributes) == 0 else { return nil }
    }

    /// In a child: `parent` is the copy of its parent's.
    init(forkedFrom parent: VolumeShare, serial: UInt32) {
        base = parent.base
        self.serial = serial
        pid = getpid()
    }

    var isChild: Bool { serial != 0 }

    // MARK: - What is waiting

    /// Bytes that no epoch has yet, about.
    var waitingByteCount: Int {
        Int(word(.used).pointee.load(ordering: .relaxed)) + Int(word(.taken).pointee.load(ordering: .relaxed))
    }

    /// Whether a call's words find room: they are far shorter than half of all, and a fork's are eight bytes for each
    /// file that is open. With the lock.
    var hasRoom: Bool { Int(word(.used).pointee.load(ordering: .relaxed)) <= VolumeShare.bufferByteCount / 2 }

    /// With the lock, where there was room.
    func append(_ bytes: [UInt8]) {
        let used = Int(word(.used).pointee.load(ordering: .relaxed))
        guard used + bytes.count <= VolumeShare.bufferByteCount else {
            // Nobody would know of it.
            breakOff(over: pid)
            return
        }
        bytes.withUnsafeBytes { (base + Layout.buffer + used).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        word(.used).pointee.store(UInt32(used + bytes.count), ordering: .relaxed)
    }

    /// Takes all of it out. With the lock, by the first process.
    func take() -> [UInt8] {
        let used = Int(word(.used).pointee.load(ordering: .relaxed))
        if used == 0 { return [] }
        let buffer = base + Layout.buffer
        let bytes = [UInt8](UnsafeRawBufferPointer(start: buffer, count: used))
        word(.used).pointee.store(0, ordering: .relaxed)
        word(.taken).pointee.wrappingAdd(UInt32(used), ordering: .relaxed)
        if used > VolumeShare.keptByteCount { madvise(buffer, used, VolumeShare.giveBack) }
        return bytes
    }

    /// MADV_REMOVE (asm-generic/mman-common.h): shared memory is given back by this alone.
    private static let giveBack: Int32 = 9

    /// An epoch has all that was taken. With the lock, by the first process.
    func noteCut() {
        word(.taken).pointee.store(0, ordering: .relaxed)
    }

    // MARK: - Changes

    /// A change is about to be made. With the lock.
    ///
    /// A signal that was on its way when the lock was given back by whoever sent it (`VolumeJournal.send`) takes effect
    /// in the call in between: its sender has marked this thread before, and the mark is looked at on the way out of
    /// each call.
    func beginChange() {
        word(.stage).pointee.store(Stage.entered, ordering: .sequentiallyConsistent)
        hostCall(__NR_getppid)
        word(.stage).pointee.store(Stage.changing, ordering: .sequentiallyConsistent)
    }

    /// The change has been written down.
    func endChange() {
        word(.stage).pointee.store(Stage.none, ordering: .sequentiallyConsistent)
    }

    /// Which process died while it changed a file; 0 for none. What came of that is not known, so that there can be no
    /// epoch after it.
    var brokenBy: Int32 { Int32(bitPattern: word(.brokenBy).pointee.load(ordering: .sequentiallyConsistent)) }

    func breakOff(over pid: Int32) {
        _ = word(.brokenBy).pointee.compareExchange(
            expected: 0, desired: UInt32(bitPattern: pid), ordering: .sequentiallyConsistent)
    }

    /// Whether anything is recorded: not once the mirror is lost.
    var isStopped: Bool { word(.isStopped).pointee.load(ordering: .relaxed) == 1 }

    func stop() {
        word(.isStopped).pointee.store(1, ordering: .sequentiallyConsistent)
    }

    // MARK: - Processes

    /// Whether the guest has ever had a child: before that nobody else takes the lock.
    var isUsed: Bool { word(.lastSerial).pointee.load(ordering: .relaxed) != 0 }

    /// What a process is known by among the guest's. With the lock; nil where there are none left.
    func nextSerial() -> UInt32? {
        let last = word(.lastSerial).pointee.load(ordering: .relaxed)
        if last == VolumeShare.serialMax { return nil }
        word(.lastSerial).pointee.store(last + 1, ordering: .relaxed)
        return last + 1
    }

    /// Identities of a child's descriptions: 34 thousand million for each of 134 million processes, and above all those
    /// of the first one. The highest bit is left alone: Atomic's `max` takes such a number for a negative one.
    static let serialMax: UInt32 = (1 << 27) - 1
    static func identities(of serial: UInt32) -> UInt64 { 1 << 62 | UInt64(serial) << 35 }

    // MARK: - The parts of the memory

    enum Stage {
        static let none: UInt32 = 0
        /// Nothing has been changed yet.
        static let entered: UInt32 = 1
        static let changing: UInt32 = 2
    }

    enum Word: Int {
        /// The process that has the lock.
        case holder = 64
        case stage = 68
        case brokenBy = 72
        case isStopped = 76
        case lastSerial = 80
        /// Bytes in the buffer, and those that were taken from it since the last cut.
        case used = 84
        case taken = 88
    }

    private enum Layout {
        static let mutex = 0
        static let buffer = 4096
    }

    private static let bufferByteCount = byteCount - Layout.buffer

    var mutex: UnsafeMutablePointer<pthread_mutex_t> {
        (base + Layout.mutex).assumingMemoryBound(to: pthread_mutex_t.self)
    }

    func word(_ word: Word) -> UnsafeMutablePointer<Atomic<UInt32>> {
        (base + word.rawValue).assumingMemoryBound(to: Atomic<UInt32>.self)
    }
}
