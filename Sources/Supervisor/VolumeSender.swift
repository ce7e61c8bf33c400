import Epochs
import Glibc
import RecordCoding
import Transport
import VolumeStore
import Volumes

/// Before the guest starts: makes the mirror's volumes the same as the primary's, by sending what differs.
///
/// The mirror says what it has, the primary asks for the checksums of the blocks of files that both have, and sends
/// what is to be done as file operations (docs/format.md). A mirror that has not said at the end that all is done has
/// no epoch yet, so that it cannot take over.
struct VolumeSender {
    private let link: LinkSocket
    private let reader: FrameReader
    private let places: [VolumePlace]
    private let progress: VolumeProgress
    private var waiting = RecordWriter(capacity: VolumeSender.frameByteCount + 2 * VolumeBlocks.byteCount)

    /// What a frame of changes has, about.
    private static let frameByteCount = 1 << 20
    /// A disk that works for so long on one frame has a fault, and so has a link that takes nothing for so long.
    static let patienceNanoseconds: UInt64 = 600_000_000_000
    /// Of files and directories in the volumes; each takes some 300 bytes of memory meanwhile.
    static let entryCountMax = 4 << 20
    /// Nothing else is open there yet.
    private static let handle: FileOperation.Handle = 1
    /// FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    private static let punchHole: UInt32 = 3

    init(_ link: LinkSocket, _ reader: FrameReader, _ places: [VolumePlace], _ messages: MessageLog) {
        self.link = link
        self.reader = reader
        self.places = places
        progress = VolumeProgress(messages)
    }

    mutating func run() throws {
        try link.limitSending(toNanoseconds: VolumeSender.patienceNanoseconds)
        try bringVolumes()
        // Epochs have a clock of their own.
        try link.limitSending(toNanoseconds: nil)
    }

    private mutating func bringVolumes() throws {
        var ours: [VolumeEntry] = []
        try VolumeSurvey.forEach(in: places, asOwner: false) { entry in
            ours.append(entry)
            guard ours.count <= VolumeSender.entryCountMax else {
                throw SupervisorError(.failed, "there are more than \(VolumeSender.entryCountMax) files in the volumes")
            }
        }
        let plan = VolumePlan(from: ours, to: try receiveEntries())
        progress.begin(plan)
        let differing = try compare(plan)
        do {
            try send(plan, differing)
        } catch let error as TransportError {
            // What the mirror could not do says more than that it has closed the link.
            throw (try? receiveRefusal()) ?? error
        }
        _ = try receive(.volumesEqual)
        progress.end()
    }

    // MARK: - What the mirror says

    /// A frame of this kind; an error where it is any other.
    private func receive(_ kind: FrameKind) throws -> FrameReader.Received {
        guard let received = try reader.receive(timeoutNanoseconds: VolumeSender.patienceNanoseconds) else {
            throw TransportError("the mirror closed the link while the volumes were brought to it")
        }
        if received.header.kind == kind { return received }
        guard received.header.kind == .refusal else {
            throw TransportError("the mirror sent a frame that makes no sense here")
        }
        throw TransportError("it refuses: \(received.text)")
    }

    private func receiveRefusal() throws -> TransportError? {
        while let received = try reader.receive(timeoutNanoseconds: 1_000_000_000) {
            if received.header.kind == .refusal { return TransportError("it refuses: \(received.text)") }
        }
        return nil
    }

    private func receiveEntries() throws -> [VolumeEntry] {
        var entries: [VolumeEntry] = []
        let next = { try receive(.volumeEntries) }
        try VolumeList.read(next) { fields in
            entries.append(try VolumeEntry(from: &fields))
            guard entries.count <= VolumeSender.entryCountMax else {
                throw TransportError("there are more than \(VolumeSender.entryCountMax) files in its volumes")
            }
        }
        return entries
    }

    // MARK: - Comparing

    /// The blocks that differ, by the file's place in `plan.compared`.
    private func compare(_ plan: VolumePlan) throws -> [Int: [UInt64]] {
        try ask(plan)
        var differing: [Int: [UInt64]] = [:]
        for (index, question) in plan.compared.enumerated() {
            let theirs = try receiveBlocks(index, VolumeBlocks.count(question.byteCount))
            var file = try VolumeReader(question.entry.path, in: places, asOwner: false)
            var blocks: [UInt64] = []
            for block in 0..<file.blockCount {
                let checksum = VolumeReader.checksum(try file.block(block))
                // Behind its end there will be zeros.
                if checksum != (block < theirs.count ? theirs[Int(block)] : 0) { blocks.append(block) }
            }
            progress.advance(by: file.byteCount)
            if !blocks.isEmpty || file.byteCount != question.byteCount { differing[index] = blocks }
        }
        return differing
    }

    private func ask(_ plan: VolumePlan) throws {
        var list = VolumeList(.volumeQuestions, to: link)
        for (entry, _) in plan.compared { try list.append { entry.path.write(to: &$0) } }
        try list.end()
    }

    private func receiveBlocks(_ question: Int, _ count: UInt64) throws -> [UInt64] {
        var checksums: [UInt64] = []
        while UInt64(checksums.count) < count {
            var fields = RecordReader(Array(try receive(.volumeBlocks).payload))
            guard try fields.get(UInt32.self) == UInt32(question), fields.remaining > 0, fields.remaining % 8 == 0,
                UInt64(checksums.count + fields.remaining / 8) <= count
            else { throw TransportError("the mirror's answer does not fit the question") }
            while fields.remaining > 0 { checksums.append(try fields.get()) }
        }
        return checksums
    }

    // MARK: - Sending

    private mutating func send(_ plan: VolumePlan, _ differing: [Int: [UInt64]]) throws {
        for operation in plan.names { try put(operation) }
        for entry in plan.filled { try fill(entry) }
        var written: Set<VolumePath> = []
        for (index, blocks) in differing {
            let question = plan.compared[index]
            written.insert(question.entry.path)
            try change(question.entry, from: question.byteCount, blocks)
        }
        for operation in plan.attributes(written: written) { try put(operation) }
        try flush()
        try link.send(Frame(kind: .volumesEqual))
    }

    private mutating func fill(_ entry: VolumeEntry) throws {
        var file = try VolumeReader(entry.path, in: places, asOwner: false)
        if file.byteCount == 0 { return }
        try put(.open(VolumeSender.handle, entry.path))
        try put(.truncate(.handle(VolumeSender.handle), byteCount: file.byteCount))
        for index in 0..<file.blockCount {
            let block = try file.block(index)
            progress.advance(by: UInt64(VolumeBlocks.byteCount))
            if VolumeReader.checksum(block) == 0 { continue }
            try put(index, block ?? [])
        }
        try put(.close(VolumeSender.handle))
    }

    private mutating func change(_ entry: VolumeEntry, from byteCount: UInt64, _ blocks: [UInt64]) throws {
        var file = try VolumeReader(entry.path, in: places, asOwner: false)
        try put(.open(VolumeSender.handle, entry.path))
        if file.byteCount != byteCount {
            try put(.truncate(.handle(VolumeSender.handle), byteCount: file.byteCount))
        }
        for index in blocks where index < file.blockCount {
            let block = try file.block(index)
            if VolumeReader.checksum(block) == 0 {
                let start = index * UInt64(VolumeBlocks.byteCount)
                let count = min(UInt64(VolumeBlocks.byteCount), file.byteCount - start)
                try put(
                    .allocate(
                        .handle(VolumeSender.handle), mode: VolumeSender.punchHole, offset: start, byteCount: count))
            } else {
                try put(index, block ?? [])
            }
        }
        try put(.close(VolumeSender.handle))
    }

    private mutating func put(_ index: UInt64, _ block: [UInt8]) throws {
        progress.noteSent(UInt64(block.count))
        try put(.write(.handle(VolumeSender.handle), offset: index * UInt64(VolumeBlocks.byteCount), block))
    }

    private mutating func put(_ operation: FileOperation) throws {
        operation.write(to: &waiting)
        if waiting.bytes.count >= VolumeSender.frameByteCount { try flush() }
    }

    private mutating func flush() throws {
        if waiting.bytes.isEmpty { return }
        try link.send(Frame(kind: .volumeChanges, payload: waiting.bytes))
        waiting = RecordWriter(capacity: VolumeSender.frameByteCount + 2 * VolumeBlocks.byteCount)
    }
}
