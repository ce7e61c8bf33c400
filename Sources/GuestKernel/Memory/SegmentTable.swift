import Glibc
import GuestMemory
import Synchronization

/// The guest's segments of System V memory (shmget(2)). Each is a file in memory, as memfd_create(2) makes them, whose
/// only descriptor is the supervisor's.
///
/// The host's own segments outlive their makers and are numbered for the whole machine: no mirror could have them.
/// These are the guest's alone, and end with it. A child has those that there were at its fork.
///
/// How often one is attached is not counted: its mappings are. One that was removed goes when somebody looks and finds
/// none, as munmap(2) and execve(2) say nothing here.
final class SegmentTable: Sendable {
    typealias Segment = SegmentRecord.Segment

    /// SHMMAX: what a memory object can have.
    static let byteCountMax = AddressSpace.memoryObjectByteCountMax
    /// Each process gives numbers of its own to what it makes, by its pid of 22 bits at most: a child and its parent
    /// can tell each other one without meaning another. That leaves so many for each at a time.
    static let countMax = 1 << numberBits
    private static let numberBits = 9

    fileprivate struct State {
        var record = SegmentRecord()
        /// The segments' files, by their numbers.
        var files: [Int32: FileDescription] = [:]
        /// Those that are just being attached, as often as they are in here.
        var attaching: [Int32] = []
        var isInherited = false
    }

    /// Before the address space's lock.
    private let state = Mutex(State())

    var record: SegmentRecord { state.withLock { $0.record } }

    var files: [FileDescription] {
        state.withLock { state in state.record.segments.compactMap { state.files[$0.number] } }
    }

    var isFull: Bool { state.withLock { $0.record.segments.count >= SegmentTable.countMax } }

    /// Whether this process is a child: others may have made segments that are not here.
    var isInherited: Bool { state.withLock { $0.isInherited } }

    /// `files` are by their identities.
    func restore(_ record: SegmentRecord, _ files: [UInt64: FileDescription], isInherited: Bool = false) {
        state.withLock { state in
            state.record = record
            state.isInherited = isInherited
            for segment in record.segments { state.files[segment.number] = files[segment.file] }
        }
    }

    // MARK: - One segment

    func find(_ number: Int32) -> (segment: Segment, file: FileDescription)? {
        state.withLock { state in
            guard let index = state.index(number), let file = state.files[number] else { return nil }
            return (state.record.segments[index], file)
        }
    }

    /// The one with a key, which is not IPC_PRIVATE.
    func find(key: Int32) -> Segment? {
        state.withLock { state in state.record.segments.first { $0.key == key } }
    }

    /// The one that a mapping shows.
    func find(mapped area: VirtualMemoryArea) -> Segment? {
        guard case .sharedFile(let identity, _, _) = area.kind else { return nil }
        return state.withLock { state in
            state.record.segments.first { state.files[$0.number]?.mappedIdentity == identity }
        }
    }

    /// Its number; nil where there are too many, or somebody else has made one with its key.
    func add(_ segment: Segment, _ file: FileDescription) -> Int32? {
        state.withLock { state in
            let isTaken = segment.key != 0 && state.record.segments.contains { $0.key == segment.key }
            guard !isTaken, state.record.segments.count < SegmentTable.countMax,
                let number = state.freeNumber(of: segment.creatorProcess)
            else { return nil }
            var segment = segment
            segment.number = number
            segment.file = file.identity
            let place = state.record.segments.firstIndex { $0.number > number } ?? state.record.segments.count
            state.record.segments.insert(segment, at: place)
            state.files[number] = file
            return number
        }
    }

    func change(_ number: Int32, _ change: (inout Segment) -> Void) {
        state.withLock { state in
            if let index = state.index(number) { change(&state.record.segments[index]) }
        }
    }

    // MARK: - Attachments

    /// Runs `attach`, which maps the segment: it stays meanwhile, also when it has been removed. Nil where there is
    /// none.
    func attaching(_ number: Int32, _ attach: (Segment, FileDescription) -> Int) -> Int? {
        let found = state.withLock { state -> (Segment, FileDescription)? in
            guard let index = state.index(number), let file = state.files[number] else { return nil }
            state.attaching.append(number)
            return (state.record.segments[index], file)
        }
        guard let found else { return nil }
        defer {
            state.withLock { state in
                if let index = state.attaching.firstIndex(of: number) { state.attaching.remove(at: index) }
            }
        }
        return attach(found.0, found.1)
    }

    /// How many mappings show it.
    func attachmentCount(_ segment: Segment, _ memory: AddressSpace) -> Int {
        guard let identity = find(segment.number)?.file.mappedIdentity else { return 0 }
        return memory.areas().count { $0.kind.file == identity }
    }

    /// Lets go of those that were removed and are not attached any more.
    func removeUnused(_ memory: AddressSpace) {
        // Closed outside the lock.
        let gone = state.withLock { state -> [FileDescription] in
            guard state.record.segments.contains(where: \.isRemoved) else { return [] }
            let mapped = Set(memory.areas().compactMap(\.kind.file))
            let unused = state.record.segments.filter { segment in
                guard segment.isRemoved, !state.attaching.contains(segment.number),
                    let identity = state.files[segment.number]?.mappedIdentity
                else { return false }
                return !mapped.contains(identity)
            }
            state.record.segments.removeAll { segment in unused.contains { $0.number == segment.number } }
            return unused.compactMap { state.files.removeValue(forKey: $0.number) }
        }
        withExtendedLifetime(gone) {}
    }
}

extension SegmentTable.State {
    fileprivate func index(_ number: Int32) -> Int? {
        record.segments.firstIndex { $0.number == number }
    }

    /// The next number of a process's; nil where all are taken.
    fileprivate mutating func freeNumber(of process: Int32) -> Int32? {
        let count = Int32(SegmentTable.countMax)
        for _ in 0..<count {
            let number = process &* count | record.nextNumber % count
            record.nextNumber = (record.nextNumber + 1) % count
            if index(number) == nil, number >= 0 { return number }
        }
        return nil
    }
}

extension FileDescription {
    /// The file as its mappings show it.
    fileprivate var mappedIdentity: FileIdentity? {
        guard case .file(let record) = record.current else { return nil }
        return record.identity
    }
}
