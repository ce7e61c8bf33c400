import CGuestEntry
import Glibc
import GuestMemory
public import RecordCoding

/// Makes the guest's descriptors from records, in a process that goes on in the place of another.
public enum ObjectRestore {
    /// Fills `kernel`'s empty table. Its clock, signals and threads are restored, and no thread has run.
    ///
    /// `handed` are host descriptors by the identity of their description; all of them are taken over, and those that
    /// are not needed are closed. What cannot be had here is put in the table all the same and fails when it is used
    /// (`LostFile`), and the report says so. An error is one of this machine's limits, or a damaged record.
    public static func restore(
        _ kernel: GuestKernel, from records: RecordSet, handed: [UInt64: Int32]
    ) throws(RestoreError) {
        var handed = HandedTable(handed)
        // What the guest has open of them is opened once more for each description.
        let copies = HandedTable(kernel.configuration.restoredFiles)
        defer {
            _ = copies
            for hostFD in kernel.configuration.restoredObjects.values { hostCall(__NR_close, UInt64(signed: hostFD)) }
        }
        var restorer = ObjectRestorer(kernel, try ObjectRecords(records))
        try restorer.makeAll(&handed)
        restorer.install()
    }
}

/// Host descriptors from the other side, each of which is used once or closed.
struct HandedTable: ~Copyable {
    private var descriptors: [UInt64: Int32]

    init(_ descriptors: [UInt64: Int32]) {
        self.descriptors = descriptors
    }

    deinit {
        for hostFD in descriptors.values { hostCall(__NR_close, UInt64(signed: hostFD)) }
    }

    mutating func take(_ identity: UInt64) -> Int32? {
        descriptors.removeValue(forKey: identity)
    }
}

/// The work of `ObjectRestore.restore`, object by object.
struct ObjectRestorer: ~Copyable {
    let kernel: GuestKernel
    let records: ObjectRecords
    private var made: [UInt64: FileDescription] = [:]
    var dead = DeadConnections()
    var lateBindings: [LateBinding] = []

    init(_ kernel: GuestKernel, _ records: ObjectRecords) {
        self.kernel = kernel
        self.records = records
    }

    mutating func makeAll(_ handed: inout HandedTable) throws(RestoreError) {
        var pipes: [UInt64: [DescriptionRecord]] = [:]
        var pairs: [UInt64: [DescriptionRecord]] = [:]
        for description in records.descriptions {
            if case .pipe(let pipe) = description.object {
                pipes[pipe.pipe, default: []].append(description)
            } else if description.object.sharedNumber != 0 {
                pairs[description.object.sharedNumber, default: []].append(description)
            } else {
                keep(try make(description, handed.take(description.identity)))
            }
        }
        for (number, ends) in pipes {
            for file in try restorePipe(number, ends) { keep(file) }
        }
        for ends in pairs.values {
            for file in try restorePair(ends) { keep(file) }
        }
        restoreInterests()
    }

    private mutating func keep(_ file: FileDescription) {
        made[file.identity] = file
    }

    /// Puts the descriptions into the table, and lets the sockets that have no name yet wait for it.
    consuming func install() {
        FileDescription.raiseIdentities(above: records.descriptions.last?.identity ?? 0)
        kernel.network.raiseObjectNumber(to: records.objectNumber)
        kernel.files.usesRecordLocks.store(records.table.usesRecordLocks, ordering: .relaxed)
        let entries = records.table.entries.compactMap { entry in
            made[entry.file].map { file in
                (descriptor: entry.descriptor, entry: FileTable.Entry(file: file, closesOnExec: entry.closesOnExec))
            }
        }
        kernel.files.restore(entries, limit: Int(records.table.limit))
        kernel.segments.restore(records.segments, made)
        for description in records.descriptions where description.signals != DescriptorSignals() {
            guard let file = made[description.identity] else { continue }
            DescriptorSignalCalls.restore(description.signals, kernel, file)
        }
        kernel.lateBindings = lateBindings
    }

    private mutating func make(
        _ description: DescriptionRecord, _ handed: Int32?
    ) throws(RestoreError) -> FileDescription {
        if let handed {
            if memoryObject(description) != nil {
                // It has what the primary stored there after the epoch.
                hostCall(__NR_close, UInt64(signed: handed))
            } else if let file = adopt(description, handed) {
                return file
            }
        }
        switch description.object {
        case .file(let file): return try restoreFile(description, file)
        case .synthetic(let synthetic):
            let file = SyntheticFile.restore(
                kernel, synthetic, statusFlags: description.statusFlags, identity: description.identity)
            guard let file else { throw noRoom(description) }
            if let offset = description.offset { ObjectRestorer.seek(file.hostFD, to: offset) }
            return file
        case .outside(let outside): return try restoreOutside(description, outside)
        case .socket(let socket): return try restoreSocket(description, socket)
        case .event(let event):
            return try describe(description, .event, try makeCounter(description, event))
        case .timer(let timer):
            guard let hostFD = TimerFile.make(timer, kernel.clock) else { throw noRoom(description) }
            return try describe(description, .timer, hostFD)
        case .signal(let signal):
            let file = SignalFile.describe(
                kernel, mask: signal.mask, statusFlags: description.statusFlags, identity: description.identity)
            guard let file else { throw noRoom(description) }
            return file
        case .watch(let watch): return try restoreWatches(description, watch)
        case .epoll: return try makeSet(description)
        case .pipe: throw noRoom(description)
        }
    }

    /// A description for a host descriptor that was made for it.
    func describe(
        _ description: DescriptionRecord, _ kind: FileDescription.Kind, _ hostFD: Int32
    ) throws(RestoreError) -> FileDescription {
        if hostFD < 0 { throw noRoom(description, errno: -hostFD) }
        return FileDescription(
            kind: kind, hostFD: hostFD, statusFlags: description.statusFlags, record: description.object,
            identity: description.identity)
    }

    func noRoom(_ description: DescriptionRecord, errno: Int32 = EMFILE) -> RestoreError {
        RestoreError("the guest's \(description.kind) (object \(description.identity)) cannot be made", errno: errno)
    }

    /// What stands for something that is not to be had here, once the report has said what that is.
    func lost(_ description: DescriptionRecord, _ line: String) throws(RestoreError) -> FileDescription {
        kernel.reportOnce(line)
        guard let file = LostFile.describe(description) else { throw noRoom(description) }
        return file
    }

    /// The other side's own host descriptor, if it is what the record says.
    private func adopt(_ description: DescriptionRecord, _ hostFD: Int32) -> FileDescription? {
        var status = stat()
        guard fstat(hostFD, &status) == 0, OpenCalls.kind(of: status, hostFD) == description.kind else {
            hostCall(__NR_close, UInt64(signed: hostFD))
            return nil
        }
        if description.kind == .regular, let offset = description.offset { ObjectRestorer.seek(hostFD, to: offset) }
        if case .socket(let socket) = description.object {
            return HostSockets.describe(
                hostFD, statusFlags: description.statusFlags, socket, identity: description.identity)
        }
        return FileDescription(
            kind: description.kind, hostFD: hostFD, statusFlags: description.statusFlags, record: description.object,
            identity: description.identity)
    }

    static func seek(_ hostFD: Int32, to offset: Int64) {
        hostCall(__NR_lseek, UInt64(signed: hostFD), UInt64(signed: offset), UInt64(SEEK_SET))
    }

    // MARK: - Counters and epoll sets

    private func makeCounter(_ description: DescriptionRecord, _ event: EventRecord) throws(RestoreError) -> Int32 {
        let hostFD = EventFile.make(initial: 0, isSemaphore: event.isSemaphore)
        guard hostFD >= 0 else { throw noRoom(description, errno: Int32(-hostFD)) }
        if var count = records.counters[description.identity], count > 0 {
            // eventfd2(2) itself takes 32 bits only.
            hostCall(__NR_write, UInt64(hostFD), UInt64(address: &count), 8)
        }
        return Int32(hostFD)
    }

    private func makeSet(_ description: DescriptionRecord) throws(RestoreError) -> FileDescription {
        let hostFD = hostCall(__NR_epoll_create1, UInt64(O_CLOEXEC))
        guard hostFD >= 0 else { throw noRoom(description, errno: Int32(-hostFD)) }
        return FileDescription(
            kind: .epoll, hostFD: Int32(hostFD), statusFlags: description.statusFlags, record: .epoll(EpollRecord()),
            payload: EpollSet(hostFD: Int32(hostFD)), identity: description.identity)
    }

    /// Last, as a set may watch anything, other sets included. Interests in what no descriptor stands for any more
    /// are left out: only a call that was in progress kept it.
    private func restoreInterests() {
        for description in records.descriptions {
            guard case .epoll(let epoll) = description.object, let owner = made[description.identity],
                let set = EpollCalls.set(of: owner)
            else { continue }
            for interest in epoll.interests {
                guard let file = made[interest.file], file !== owner else { continue }
                set.restore(interest, file)
            }
        }
    }
}
