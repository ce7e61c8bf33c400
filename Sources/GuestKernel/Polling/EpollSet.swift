import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// What an epoll descriptor knows beyond its host epoll: who is registered under which guest
/// number, for what, and with which data.
///
/// The host epoll does the watching; it is given a key instead of the guest's data. The key holds a
/// slot and the slot's generation, which changes whenever the slot is set anew, so that an event
/// that another thread had fetched just before is recognised as stale and dropped. (Setting an
/// interest makes the host look at the file again, so nothing is lost by that.)
///
/// An interest never holds its file open: as in the kernel it goes when the last descriptor of the
/// description is closed, by way of `FileDescription.registrations`.
final class EpollSet: ClosingPayload, Sendable {
    struct Interest {
        /// The description's identity.
        var file: UInt64
        var descriptor: Int32
        /// What the host epoll knows the file by: the description's own host descriptor or a duplicate.
        var hostFD: Int32
        var events: UInt32
        var data: UInt64
        /// EPOLLONESHOT has fired and was not armed again.
        var hasFired = false
        /// More is held of the file than may be: the guest is not told that it may write, whatever the host says.
        var isOutputFull = false

        /// What the host epoll is asked to watch for: the one place where the guest's events become the host's.
        var hostEvents: UInt32 {
            events & ~(isOutputFull ? EpollSet.wakeUpFlag | EpollSet.writableFlags : EpollSet.wakeUpFlag)
        }
    }

    fileprivate struct Slot {
        var generation: UInt32 = 0
        var interest: Interest?
    }

    fileprivate struct Name: Hashable {
        var file: UInt64
        var descriptor: Int32
    }

    fileprivate struct State {
        var slots: [Slot] = []
        var freeSlots: [Int] = []
        var slotByName: [Name: Int] = [:]
    }

    /// EPOLLWAKEUP keeps a machine from suspending; it is not the guest's to ask for.
    private static let wakeUpFlag: UInt32 = 1 << 29
    /// EPOLLOUT, EPOLLWRNORM and EPOLLWRBAND.
    private static let writableFlags: UInt32 = 0x304
    static let oneShotFlag: UInt32 = 1 << 30
    static let edgeFlag: UInt32 = 1 << 31

    private let state = Mutex(State())
    private let isClosedFlag = Atomic<Bool>(false)
    /// An interest may be another than at the last checkpoint.
    private let mayHaveChanged = Atomic<Bool>(true)
    private let hostFD: Int32

    init(hostFD: Int32) {
        self.hostFD = hostFD
    }

    /// The same for a child, with a lock of its own; the host's epoll is both's.
    init(copying other: EpollSet) {
        hostFD = other.hostFD
        let copied = other.state.withLock { $0 }
        state.withLock { $0 = copied }
    }

    /// The epoll descriptor itself is closed: registrations with files that live on are dead.
    var isClosed: Bool { isClosedFlag.load(ordering: .acquiring) }

    /// Under the lock, so that nobody who saw it open is about to speak to a host epoll that is another's by then.
    func descriptionCloses() {
        state.withLock { _ in isClosedFlag.store(true, ordering: .releasing) }
    }

    /// At least as many as can be ready at the moment.
    var slotCount: Int { state.withLock { $0.slots.count } }

    /// The set as a plain value.
    var record: EpollRecord {
        var record = EpollRecord()
        record.interests = state.withLock { state in
            state.slots.compactMap { slot in
                slot.interest.map { interest in
                    var value = EpollRecord.Interest(
                        file: interest.file, descriptor: interest.descriptor, events: interest.events,
                        data: interest.data)
                    value.hasFired = interest.hasFired
                    return value
                }
            }
        }
        return record
    }

    /// Whether an interest may have changed since the last time of asking. The guest is stopped.
    func takeChange() -> Bool {
        mayHaveChanged.exchange(false, ordering: .relaxed)
    }

    // MARK: - epoll_ctl

    func add(_ file: FileDescription, _ descriptor: Int32, _ event: PackedEpollEvent) -> Int {
        let interest = EpollRecord.Interest(
            file: file.identity, descriptor: descriptor, events: event.events, data: event.data)
        let result = insert(file, interest, isFromRecord: false)
        // What was full before it was registered may have found room before it could be told.
        if result == 0, file.hold != nil { refreshOutput(of: file, descriptor) }
        return result
    }

    /// Registers what a record says, even where the host does not want to watch what the file has become here. A
    /// one-shot that has fired is not given to the host before it is armed again.
    func restore(_ interest: EpollRecord.Interest, _ file: FileDescription) {
        _ = insert(file, interest, isFromRecord: true)
    }

    private func insert(_ file: FileDescription, _ wanted: EpollRecord.Interest, isFromRecord: Bool) -> Int {
        state.withLock { state in
            let name = Name(file: file.identity, descriptor: wanted.descriptor)
            guard state.slotByName[name] == nil else { return failed(EEXIST) }
            // The host knows a file by its descriptor; the second guest number of one gets a duplicate.
            var registeredFD = file.hostFD
            if file.isRegistered(with: self, as: registeredFD) {
                let duplicate = hostCall(__NR_fcntl, UInt64(signed: registeredFD), UInt64(F_DUPFD_CLOEXEC), 3)
                if duplicate < 0 { return duplicate }
                registeredFD = Int32(duplicate)
            }
            let interest = Interest(
                file: name.file, descriptor: wanted.descriptor, hostFD: registeredFD, events: wanted.events,
                data: wanted.data, hasFired: wanted.hasFired, isOutputFull: file.isOutputFull)
            let index = state.takeSlot()
            state.slots[index].generation &+= 1
            let result = wanted.hasFired ? 0 : control(.add, interest, key: state.key(of: index))
            if result < 0, !isFromRecord {
                state.freeSlots.append(index)
                if registeredFD != file.hostFD { hostCall(__NR_close, UInt64(signed: registeredFD)) }
                return result
            }
            state.slots[index].interest = interest
            state.slotByName[name] = index
            file.register(EpollRegistration(set: self, descriptor: wanted.descriptor, hostFD: registeredFD))
            mayHaveChanged.store(true, ordering: .relaxed)
            return 0
        }
    }

    func modify(_ file: FileDescription, _ descriptor: Int32, _ event: PackedEpollEvent) -> Int {
        state.withLock { state in
            let name = Name(file: file.identity, descriptor: descriptor)
            guard let index = state.slotByName[name], var interest = state.slots[index].interest else {
                return failed(ENOENT)
            }
            interest.events = event.events
            interest.data = event.data
            interest.hasFired = false
            interest.isOutputFull = file.isOutputFull
            state.slots[index].generation &+= 1
            var result = control(.modify, interest, key: state.key(of: index))
            // One from a record that had fired (`restore`).
            if result == -Int(ENOENT) { result = control(.add, interest, key: state.key(of: index)) }
            if result < 0 {
                state.slots[index].generation &-= 1
                return result
            }
            state.slots[index].interest = interest
            mayHaveChanged.store(true, ordering: .relaxed)
            return 0
        }
    }

    func remove(_ file: FileDescription, _ descriptor: Int32) -> Int {
        state.withLock { state in
            let name = Name(file: file.identity, descriptor: descriptor)
            guard let interest = state.forget(name) else { return failed(ENOENT) }
            // The host knows it, but for one from a record that it did not want to watch (`restore`).
            _ = control(.remove, interest, key: 0)
            file.unregister(EpollRegistration(set: self, descriptor: descriptor, hostFD: interest.hostFD))
            mayHaveChanged.store(true, ordering: .relaxed)
            return 0
        }
    }

    /// The file is gone, and with it what the host epoll knew of it; unless it is kept on the host.
    func forget(_ file: UInt64, _ descriptor: Int32, isHostFileKept: Bool) {
        mayHaveChanged.store(true, ordering: .relaxed)
        state.withLock { state in
            let interest = state.forget(Name(file: file, descriptor: descriptor))
            if isHostFileKept, let interest, !isClosed { _ = control(.remove, interest, key: 0) }
        }
    }

    /// What is held of the file became too much, or little enough: the host epoll is asked anew. It looks at the file
    /// then, so an edge that the guest waits for comes; an event that was fetched just before is stale, and comes
    /// again.
    func refreshOutput(of file: FileDescription, _ descriptor: Int32) {
        state.withLock { state in
            let name = Name(file: file.identity, descriptor: descriptor)
            guard let index = state.slotByName[name], var interest = state.slots[index].interest, !isClosed,
                interest.isOutputFull != file.isOutputFull
            else { return }
            interest.isOutputFull.toggle()
            state.slots[index].interest = interest
            if interest.hasFired || interest.events & EpollSet.writableFlags == 0 { return }
            state.slots[index].generation &+= 1
            _ = control(.modify, interest, key: state.key(of: index))
        }
    }

    private func control(_ operation: EpollOperation, _ interest: Interest, key: UInt64) -> Int {
        var event = PackedEpollEvent(events: interest.hostEvents, data: key)
        return hostCall(
            __NR_epoll_ctl, UInt64(signed: hostFD), UInt64(signed: operation.rawValue), UInt64(signed: interest.hostFD),
            UInt64(address: &event))
    }

    // MARK: - epoll_wait

    /// Turns `count` events of the host's at `source` into the guest's at `destination`; returns how many
    /// of them are the guest's. `keys` at `source` are packed in step, for `putBack`.
    func translate(
        _ source: UnsafeMutablePointer<PackedEpollEvent>, _ count: Int,
        into destination: UnsafeMutablePointer<PackedEpollEvent>
    ) -> Int {
        state.withLock { state in
            var translated = 0
            for position in 0..<count {
                let event = source[position]
                guard let index = state.index(of: event.data) else { continue }
                if state.slots[index].interest!.events & EpollSet.oneShotFlag != 0 {
                    state.slots[index].interest!.hasFired = true
                    mayHaveChanged.store(true, ordering: .relaxed)
                }
                source[translated] = event
                destination[translated] = PackedEpollEvent(
                    events: event.events, data: state.slots[index].interest!.data)
                translated += 1
            }
            return translated
        }
    }

    /// Events that could not be handed to the guest are reported again, edges and one-shots too.
    func putBack(_ events: UnsafeMutablePointer<PackedEpollEvent>, _ count: Int) {
        state.withLock { state in
            for position in 0..<count {
                guard let index = state.index(of: events[position].data) else { continue }
                state.slots[index].interest!.hasFired = false
                mayHaveChanged.store(true, ordering: .relaxed)
                let interest = state.slots[index].interest!
                _ = control(.modify, interest, key: events[position].data)
            }
        }
    }
}

extension EpollSet.State {
    fileprivate mutating func takeSlot() -> Int {
        if let free = freeSlots.popLast() { return free }
        slots.append(EpollSet.Slot())
        return slots.count - 1
    }

    fileprivate func key(of index: Int) -> UInt64 {
        UInt64(slots[index].generation) << 32 | UInt64(index)
    }

    /// The slot that a key means, nil for a stale one.
    @inline(__always)
    fileprivate func index(of key: UInt64) -> Int? {
        let index = Int(key & 0xffff_ffff)
        guard index < slots.count, slots[index].generation == UInt32(key >> 32), slots[index].interest != nil else {
            return nil
        }
        return index
    }

    fileprivate mutating func forget(_ name: EpollSet.Name) -> EpollSet.Interest? {
        guard let index = slotByName.removeValue(forKey: name) else { return nil }
        let interest = slots[index].interest
        slots[index].interest = nil
        slots[index].generation &+= 1
        freeSlots.append(index)
        return interest
    }
}
