import CGuestEntry
import Glibc
import GuestMemory
public import RecordCoding

/// Puts what stands behind the guest's descriptors into records, with the guest stopped.
///
/// Runs in the pause: an idle description costs the look at a few flags, as its encoded record is kept from the
/// last time. The host is asked for a file's position, and for what lies in those pipes, socketpairs, counters and
/// timers that a transfer went through.
///
/// Descriptors that lie in a socket's queue (SCM_RIGHTS) are not carried.
public struct ObjectCapture: ~Copyable {
    private let kernel: GuestKernel
    private var records: [RecordSet.Entry]
    /// This checkpoint's number: a description that has it has been looked at.
    private let number: UInt64
    /// What a thread is in connect(2) on.
    private var awaitedByConnect: Set<UInt64> = []
    private var pipes: [UInt64: [FileDescription]] = [:]
    private var pairs: [UInt64: [FileDescription]] = [:]
    private var tap = PipeTap()

    /// Adds the records of `kernel`'s descriptors. Every thread of the guest is parked or waits.
    public static func capture(_ kernel: GuestKernel, into records: inout [RecordSet.Entry]) {
        kernel.checkpointCount += 1
        var capture = ObjectCapture(kernel, records)
        records = []
        capture.captureAll()
        records = capture.finished()
    }

    private init(_ kernel: GuestKernel, _ records: consuming [RecordSet.Entry]) {
        self.kernel = kernel
        self.records = records
        number = kernel.checkpointCount
    }

    private consuming func finished() -> [RecordSet.Entry] { records }

    private mutating func captureAll() {
        findConnects()
        var table = DescriptorTableRecord()
        table.limit = Int64(kernel.files.limit)
        table.usesRecordLocks = kernel.files.usesRecordLocks.load(ordering: .relaxed)
        let entries = kernel.files.allEntries()
        table.entries.reserveCapacity(entries.count)
        for (descriptor, entry) in entries {
            table.entries.append(
                DescriptorTableRecord.Entry(
                    descriptor: descriptor, file: entry.file.identity, closesOnExec: entry.closesOnExec))
            capture(entry.file)
        }
        for file in kernel.segments.files { capture(file) }
        for (number, ends) in pipes { capturePipe(number, ends) }
        for ends in pairs.values { capturePair(ends) }
        records.append(.init(.descriptors, table.encoded()))
        records.append(.init(.segments, kernel.segments.record.encoded()))
        records.append(.init(.networkCounters, ObjectCapture.encoded(kernel.network.objectNumber)))
    }

    private mutating func findConnects() {
        for thread in kernel.threads.snapshot() where thread.waiter.callNumber == Int32(__NR_connect) {
            if let file = kernel.files.find(thread.context.pointee.rdi) { awaitedByConnect.insert(file.identity) }
        }
    }

    // MARK: - One description

    private mutating func capture(_ file: FileDescription) {
        // Descriptors that were dup'ed share it.
        if file.checkpoint.number == number { return }
        file.checkpoint.number = number
        var offset: Int64?
        switch file.kind {
        case .regular, .synthetic, .directory: offset = ObjectCapture.offset(of: file)
        case .timer where file.transfers.take(): TimerFile.settle(file, kernel.clock)
        default: break
        }
        let isAwaited = !awaitedByConnect.isEmpty && awaitedByConnect.contains(file.identity)
        let bytes = file.encodedRecord(offset: offset, isAwaitedByConnect: isAwaited)
        records.append(.init(.object, number: file.identity, bytes))
        switch file.kind {
        case .event: captureCounter(file)
        case .pipe where file.checkpoint.sharedNumber != 0:
            pipes[file.checkpoint.sharedNumber, default: []].append(file)
        case .socket where file.checkpoint.sharedNumber != 0:
            pairs[file.checkpoint.sharedNumber, default: []].append(file)
        default: break
        }
    }

    private static func offset(of file: FileDescription) -> Int64? {
        if let directory = file.payload as? SpecialDirectory, directory.isListedHere { return Int64(directory.offset) }
        let offset = hostCall(__NR_lseek, UInt64(signed: file.hostFD), 0, UInt64(SEEK_CUR))
        return offset < 0 ? nil : Int64(offset)
    }

    private mutating func captureCounter(_ file: FileDescription) {
        guard file.checkpoint.holdsCounter else { return }
        if file.transfers.take() || file.checkpoint.contents == nil {
            // Reading it would take what it counts, and wake who waits to write.
            let counter = DescriptorInformation(file.hostFD).value(of: "eventfd-count", radix: 16)
            file.checkpoint.contents = ObjectCapture.encoded(counter ?? 0)
        }
        guard let contents = file.checkpoint.contents else { return }
        records.append(.init(.objectContents, number: file.identity, contents))
    }

    // MARK: - What lies between two ends

    private mutating func capturePipe(_ number: UInt64, _ ends: [FileDescription]) {
        // Every mark is to be taken, so that each says later what happened since now.
        let isTouched = ends.reduce(false) { $1.transfers.take() || $0 }
        guard let reader = ends.first(where: { $0.statusFlags.load(ordering: .relaxed) & O_ACCMODE != O_WRONLY }) else {
            return
        }
        if isTouched || reader.checkpoint.contents == nil {
            let queue = tap.contents(of: reader)
            reader.checkpoint.contents = queue.isEmpty ? [] : queue.encoded()
        }
        guard let contents = reader.checkpoint.contents, !contents.isEmpty else { return }
        records.append(.init(.pipeContents, number: number, contents))
    }

    private mutating func capturePair(_ ends: [FileDescription]) {
        let isTouched = ends.reduce(false) { $1.transfers.take() || $0 }
        // The end that is gone has changed what this one finds, without a transfer through it.
        let isHalf = ends.count == 1
        for end in ends {
            if isTouched || isHalf || end.checkpoint.contents == nil {
                let queue = SocketQueue(of: end).record
                end.checkpoint.contents = queue.isEmpty ? [] : queue.encoded()
            }
            guard let contents = end.checkpoint.contents, !contents.isEmpty else { continue }
            records.append(.init(.objectContents, number: end.identity, contents))
        }
    }

    private static func encoded(_ number: UInt64) -> [UInt8] {
        var writer = RecordWriter(capacity: 8)
        writer.put(number)
        return writer.bytes
    }
}

extension FileDescription {
    /// The description's record, encoded anew where it may be another than at the last checkpoint.
    fileprivate func encodedRecord(offset: Int64?, isAwaitedByConnect: Bool) -> [UInt8] {
        let flags = statusFlags.load(ordering: .relaxed)
        let signals = signals.withLock { $0 }
        // Both are asked, as each then counts from here.
        let hasOtherRecord = record.takeChange()
        let hasOtherInterests = EpollCalls.set(of: self)?.takeChange() ?? false
        if !hasOtherRecord, !hasOtherInterests, flags == checkpoint.statusFlags, offset == checkpoint.offset,
            signals == checkpoint.signals, isAwaitedByConnect == checkpoint.isAwaitedByConnect,
            !checkpoint.bytes.isEmpty
        {
            return checkpoint.bytes
        }
        let object = currentRecord
        var description = DescriptionRecord(identity: identity, kind: kind, statusFlags: flags, object: object)
        description.offset = offset
        description.signals = signals
        description.isAwaitedByConnect = isAwaitedByConnect
        checkpoint.bytes = description.encoded()
        checkpoint.statusFlags = flags
        checkpoint.offset = offset
        checkpoint.signals = signals
        checkpoint.isAwaitedByConnect = isAwaitedByConnect
        checkpoint.sharedNumber = object.sharedNumber
        checkpoint.isForHanding = HandedDescriptors.isForHanding(object, self)
        if case .event = object { checkpoint.holdsCounter = true }
        return checkpoint.bytes
    }
}

extension ObjectRecord {
    /// What the ends of a pipe or socketpair have in common; 0 for anything else.
    var sharedNumber: UInt64 {
        switch self {
        case .pipe(let pipe): pipe.pipe
        case .socket(let socket): socket.pair
        default: 0
        }
    }
}
