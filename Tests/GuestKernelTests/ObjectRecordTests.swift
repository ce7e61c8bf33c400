import GuestMemory
import RecordCoding
import Testing

@testable import GuestKernel

@Suite("records of objects")
struct ObjectRecordTests {
    // MARK: - One of everything

    private static let socket: SocketRecord = {
        var socket = SocketRecord(domain: 2, type: 1, networkProtocol: 6)
        socket.state = .listening
        socket.localAddress = [2, 0, 0x18, 0xeb, 127, 0, 0, 1]
        socket.peerAddress = [2, 0, 0, 80, 10, 0, 0, 1]
        socket.backlog = 511
        socket.options = [
            SocketRecord.Option(level: 1, name: 2, value: [1, 0, 0, 0]),
            SocketRecord.Option(level: 6, name: 1, value: []),
        ]
        socket.pair = 7
        socket.isShutForWriting = true
        socket.receiveTimeoutNanoseconds = 5
        return socket
    }()

    private static let objects: [ObjectRecord] = {
        var memory = FileRecord(path: Array("/memfd:x".utf8), flags: 2)
        memory.isMemory = true
        var epoll = EpollRecord()
        epoll.interests = [
            EpollRecord.Interest(file: 3, descriptor: 5, events: 1 << 30 | 1, data: .max),
            EpollRecord.Interest(file: 3, descriptor: 6, events: 4, data: 0),
        ]
        epoll.interests[0].hasFired = true
        var timer = TimerRecord(clock: 1)
        (timer.expiryNanoseconds, timer.intervalNanoseconds, timer.unreadTicks) = (9, 8, 7)
        timer.isCancelledOnSet = true
        var watch = WatchRecord()
        watch.watches = [WatchRecord.Watch(number: 2, path: Array("/tmp".utf8), mask: 0x100)]
        return [
            .file(
                FileRecord(
                    path: Array("/etc/hosts".utf8), flags: 0x8000,
                    identity: FileIdentity(device: 1, inode: 2, path: "/etc/hosts"))),
            .file(memory), .pipe(PipeRecord(pipe: 4, isWriteEnd: true, capacity: 65536)), .socket(socket),
            .epoll(epoll), .epoll(EpollRecord()), .event(EventRecord(isSemaphore: true)), .timer(timer),
            .signal(SignalFileRecord(mask: 0b110)), .watch(watch),
            .synthetic(SyntheticRecord(path: Array("/proc/self/maps".utf8), content: [1, 2, 3])),
            .outside(OutsideRecord(descriptor: -1)),
        ]
    }()

    private static let descriptions: [DescriptionRecord] = objects.enumerated().map { index, object in
        var description = DescriptionRecord(
            identity: UInt64(index) + 1, kind: .regular, statusFlags: 0o100002, object: object)
        if index % 2 == 0 { description.offset = 1 << 40 }
        description.isAwaitedByConnect = index % 3 == 0
        if index % 4 == 0 {
            description.signals.owner = 4711
            description.signals.ownerKind = .group
            description.signals.signal = 40
            description.signals.descriptor = 7
        }
        return description
    }

    private static let table: DescriptorTableRecord = {
        var table = DescriptorTableRecord()
        table.entries = [
            DescriptorTableRecord.Entry(descriptor: 0, file: 12, closesOnExec: false),
            DescriptorTableRecord.Entry(descriptor: 7, file: 4, closesOnExec: true),
        ]
        table.limit = 1024
        table.usesRecordLocks = true
        return table
    }()

    private static let segments: SegmentRecord = {
        let owner = SegmentRecord.Owner(user: 1, group: 2)
        var segment = SegmentRecord.Segment(
            number: 4711, key: -5, file: 2, byteCount: 77, mode: 0o1640, owner: owner,
            creator: SegmentRecord.Owner(user: 3, group: 4), creatorProcess: 8, changedSeconds: 9)
        (segment.lastProcess, segment.attachedSeconds, segment.detachedSeconds) = (10, 11, 12)
        return SegmentRecord(segments: [segment], nextNumber: 5)
    }()

    private static let queue: QueueRecord = {
        var queue = QueueRecord()
        queue.runs = [[1, 2, 3], [], [4]]
        queue.endsInReset = true
        return queue
    }()

    // MARK: - There and back

    @Test("every kind of object is the same after decoding", arguments: descriptions)
    func roundTrip(_ description: DescriptionRecord) throws {
        let decoded = try DescriptionRecord(identity: description.identity, decoding: description.encoded())
        #expect(decoded == description)
    }

    @Test("a table and a queue are the same after decoding")
    func otherRoundTrips() throws {
        #expect(try DescriptorTableRecord(decoding: Self.table.encoded()) == Self.table)
        #expect(try QueueRecord(decoding: Self.queue.encoded()) == Self.queue)
        #expect(try SegmentRecord(decoding: Self.segments.encoded()) == Self.segments)
    }

    // MARK: - Damage

    @Test("cut short anywhere, or with a byte too many, nothing decodes")
    func truncation() {
        for description in Self.descriptions {
            let bytes = description.encoded()
            for count in bytes.indices {
                #expect(throws: RecordError.self, "\(description.object) cut to \(count) bytes") {
                    try DescriptionRecord(identity: 1, decoding: Array(bytes.prefix(count)))
                }
            }
            #expect(throws: RecordError.hasExcess) { try DescriptionRecord(identity: 1, decoding: bytes + [0]) }
        }
        for (bytes, decode) in Self.others {
            for count in bytes.indices {
                #expect(throws: RecordError.self) { try decode(Array(bytes.prefix(count))) }
            }
            #expect(throws: RecordError.hasExcess) { try decode(bytes + [0]) }
        }
    }

    private static let others: [(bytes: [UInt8], decode: @Sendable ([UInt8]) throws -> Void)] = [
        (table.encoded(), { _ = try DescriptorTableRecord(decoding: $0) }),
        (queue.encoded(), { _ = try QueueRecord(decoding: $0) }),
        (segments.encoded(), { _ = try SegmentRecord(decoding: $0) }),
    ]

    @Test("any byte may be any other: it decodes or is an error, and what decodes encodes again")
    func corruption() {
        for description in Self.descriptions {
            let bytes = description.encoded()
            for index in bytes.indices {
                for value in [0, 1, 2, 0x7f, 0x80, 0xff, bytes[index] ^ 1] as [UInt8] {
                    var damaged = bytes
                    damaged[index] = value
                    guard let decoded = try? DescriptionRecord(identity: 1, decoding: damaged) else { continue }
                    #expect(decoded.encoded() == damaged)
                }
            }
        }
        for (bytes, decode) in Self.others {
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 0xff
                _ = try? decode(damaged)
            }
        }
    }

    @Test("an epoll set of more interests than there are bytes is refused without room for them being made")
    func hugeCount() {
        var writer = RecordWriter()
        writer.put(FileDescription.Kind.epoll.rawValue)
        writer.put(Int32(2))
        writer.put(false)
        writer.put(false)
        DescriptorSignals().write(to: &writer)
        writer.put(UInt8(4))
        writer.put(UInt32.max)
        #expect(throws: RecordError.isCutShort) { try DescriptionRecord(identity: 1, decoding: writer.bytes) }
    }

    // MARK: - The set as a whole

    private static func set(_ change: (inout RecordSet) -> Void) -> RecordSet {
        var records = RecordSet()
        for description in descriptions {
            records[RecordFamily.object.key(description.identity)] = description.encoded()
        }
        records[RecordFamily.descriptors.key()] = table.encoded()
        records[RecordFamily.networkCounters.key()] = [9, 0, 0, 0, 0, 0, 0, 0]
        records[RecordFamily.segments.key()] = segments.encoded()
        records[RecordFamily.objectContents.key(4)] = queue.encoded()
        records[RecordFamily.objectContents.key(7)] = [3, 0, 0, 0, 0, 0, 0, 0]
        records[RecordFamily.pipeContents.key(4)] = queue.encoded()
        change(&records)
        return records
    }

    @Test("a whole set decodes")
    func wholeSet() throws {
        let decoded = try ObjectRecords(Self.set { _ in })
        #expect(decoded.descriptions == Self.descriptions)
        #expect(decoded.counters == [7: 3])
        #expect(decoded.queues == [4: Self.queue])
        #expect(decoded.pipes == [4: Self.queue])
        #expect(decoded.objectNumber == 9)
        #expect(decoded.segments == Self.segments)
    }

    @Test("what does not fit together is refused")
    func misfits() {
        let third = Self.descriptions[3]
        let damages: [(String, (inout RecordSet) -> Void)] = [
            ("no table", { $0[RecordFamily.descriptors.key()] = nil }),
            ("no counters", { $0[RecordFamily.networkCounters.key()] = nil }),
            ("no segments", { $0[RecordFamily.segments.key()] = nil }),
            ("a segment of nothing", { $0[RecordFamily.object.key(2)] = nil }),
            ("a descriptor of nothing", { $0[RecordFamily.object.key(4)] = nil }),
            ("contents of what has none", { $0[RecordFamily.objectContents.key(1)] = [0, 0, 0, 0, 0, 0, 0, 0] }),
            ("contents of nothing", { $0[RecordFamily.objectContents.key(99)] = [0, 0, 0, 0, 0, 0, 0, 0] }),
            ("an identity after which there is none", { $0[RecordFamily.object.key(.max)] = third.encoded() }),
            ("identity 0", { $0[RecordFamily.object.key(0)] = third.encoded() }),
            (
                "a pair of three",
                {
                    $0[RecordFamily.object.key(50)] = third.encoded()
                    $0[RecordFamily.object.key(51)] = third.encoded()
                }
            ),
        ]
        for (name, damage) in damages {
            #expect(throws: RestoreError.self, "\(name)") { try ObjectRecords(Self.set(damage)) }
        }
    }

    @Test("descriptors out of order, or beyond what a kernel gives out, are refused")
    func tableOrder() {
        for numbers in [[5, 5], [6, 5], [-1, 4], [3, 1 << 21]] as [[Int32]] {
            var table = DescriptorTableRecord()
            table.entries = numbers.map { DescriptorTableRecord.Entry(descriptor: $0, file: 1, closesOnExec: false) }
            #expect(throws: RecordError.isMalformed) { try DescriptorTableRecord(decoding: table.encoded()) }
        }
    }
}
