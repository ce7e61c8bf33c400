import Glibc

/// What poll and select ask of streams that hold output: a full one is not ready to be written to, whatever the host
/// says, and the thread that asks is woken when one has room again.
struct HeldReadiness {
    private struct Asked {
        let hold: HeldStream
        let hostFD: Int32
        /// Of poll's array; not used for select.
        let index: Int
        /// The events that the guest asked for.
        let events: Int16
    }

    /// POLLOUT, POLLWRNORM and POLLWRBAND.
    private static let writable: Int16 = 0x304

    private let thread: GuestThread
    private let asked: [Asked]

    /// For poll's array; nil where nothing in it asks whether what is held has room.
    init?(
        _ thread: GuestThread, _ entries: UnsafeMutablePointer<pollfd>,
        _ files: UnsafeMutableBufferPointer<FileDescription?>, _ count: Int
    ) {
        var asked: [Asked] = []
        for index in 0..<count where entries[index].events & HeldReadiness.writable != 0 {
            guard let file = files[index], let hold = file.hold, !hold.passes else { continue }
            asked.append(Asked(hold: hold, hostFD: file.hostFD, index: index, events: entries[index].events))
        }
        if asked.isEmpty { return nil }
        self.thread = thread
        self.asked = asked
    }

    /// For select's set of writers.
    init?(_ thread: GuestThread, writers: [FileDescription]) {
        let asked = writers.compactMap { file -> Asked? in
            guard let hold = file.hold, !hold.passes else { return nil }
            return Asked(hold: hold, hostFD: file.hostFD, index: 0, events: 0)
        }
        if asked.isEmpty { return nil }
        self.thread = thread
        self.asked = asked
    }

    /// Before each sleep: asks the host about those that have room only, and waits for the others' room.
    func update(_ entries: UnsafeMutablePointer<pollfd>) {
        for one in asked {
            let isFull = one.hold.isFull && one.hold.startWaiting(thread, for: .space)
            entries[one.index].events = isFull ? one.events & ~HeldReadiness.writable : one.events
        }
    }

    func update(_ writers: DescriptorSet) {
        for one in asked {
            if one.hold.isFull, one.hold.startWaiting(thread, for: .space) {
                writers.remove(Int(one.hostFD))
            } else {
                writers.insert(Int(one.hostFD))
            }
        }
    }

    func stopWaiting() {
        for one in asked { one.hold.stopWaiting(thread) }
    }
}
