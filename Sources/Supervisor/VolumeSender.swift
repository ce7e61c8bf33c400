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
    private let mirror: VolumeLink
    private let places: [VolumePlace]
    private let progress: VolumeProgress
    private var waiting = RecordWriter(capacity: VolumeSender.frameByteCount + 2 * VolumeBlocks.byteCount)

    /// What a frame of changes has, about.
    private static let frameByteCount = 1 << 20
    /// Of files and directories in the volumes; each takes some 300 bytes of memory meanwhile.
    static let entryCountMax = 4 << 20
    /// Nothing else is open there yet.
    private static let handle: FileOperation.Handle = 1
    /// FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    private static let punchHole: UInt32 = 3

    /// - Parameter silenceMax: for how long the mirror may hear nothing of a primary that is busy.
    init(
        _ link: LinkSocket, _ reader: FrameReader, _ places: [VolumePlace], _ messages: MessageLog,
        silenceMax: Duration = VolumeLink.silenceMaxUsual
    ) {
        mirror = VolumeLink(link, reader, silenceMax: silenceMax)
        self.places = places
        progress = VolumeProgress(messages)
    }

    mutating func run() throws {
        try mirror.socket.limitSending(toNanoseconds: VolumeLink.patienceNanoseconds)
        do {
            try bringVolumes()
        } catch let error as TransportError {
            // What the mirror could not do says more than that it has closed the link.
            throw mirror.lastWords() ?? error
        }
        // Epochs have a clock of their own.
        try mirror.socket.limitSending(toNanoseconds: nil)
    }

    private mutating func bringVolumes() throws {
        let plan = try makePlan()
        progress.begin(plan)
        let differing = try compare(plan)
        try send(plan, differing)
        _ = try mirror.receive(.volumesEqual)
        progress.end()
    }

    /// Looks at the volumes, and reads what the mirror says of its own as it comes: both take long for many files.
    private func makePlan() throws -> VolumePlan {
        var ours: [VolumeEntry] = []
        var theirs: [VolumeEntry] = []
        var isComplete = false
        try VolumeSurvey.forEach(in: places, asOwner: false) { entry in
            ours.append(entry)
            guard ours.count <= VolumeSender.entryCountMax else {
                throw SupervisorError(.failed, "there are more than \(VolumeSender.entryCountMax) files in the volumes")
            }
            while !isComplete, mirror.hasInput { isComplete = try receiveEntries(&theirs) }
            try mirror.keepInTouch()
        }
        while !isComplete { isComplete = try receiveEntries(&theirs) }
        return VolumePlan(from: ours, to: theirs)
    }

    /// A frame of entries; true where it is the last.
    private func receiveEntries(_ entries: inout [VolumeEntry]) throws -> Bool {
        try VolumeList.read(try mirror.receive(.volumeEntries)) { fields in
            entries.append(try VolumeEntry(from: &fields))
            guard entries.count <= VolumeSender.entryCountMax else {
                throw TransportError("there are more than \(VolumeSender.entryCountMax) files in its volumes")
            }
        }
    }

    // MARK: - Comparing

    /// The blocks that differ, by the file's place in `plan.compared`.
    private func compare(_ plan: VolumePlan) throws -> [Int: [UInt64]] {
        try ask(plan)
        var differing: [Int: [UInt64]] = [:]
        for (index, question) in plan.compared.enumerated() {
            if let blocks = try compare(question.entry, question.byteCount, index) { differing[index] = blocks }
        }
        return differing
    }

    /// The blocks of a file that differ, among those that both have; nil where it is the same. Of an answer no more is
    /// received at once than is compared in a moment: the mirror must not have to wait for all of a large file.
    private func compare(_ entry: VolumeEntry, _ byteCount: UInt64, _ question: Int) throws -> [UInt64]? {
        var file = try VolumeReader(entry.path, in: places, asOwner: false)
        var differing: [UInt64] = []
        var block: UInt64 = 0
        let count = VolumeBlocks.count(byteCount)
        while block < count {
            for checksum in try receiveBlocks(question, atMost: count - block) {
                if block < file.blockCount, VolumeReader.checksum(try file.block(block)) != checksum {
                    differing.append(block)
                }
                block += 1
                try mirror.keepInTouch()
            }
        }
        progress.advance(by: min(file.byteCount, byteCount))
        return differing.isEmpty && file.byteCount == byteCount ? nil : differing
    }

    private func ask(_ plan: VolumePlan) throws {
        var list = VolumeList(.volumeQuestions, to: mirror.socket)
        for (entry, _) in plan.compared { try list.append { entry.path.write(to: &$0) } }
        try list.end()
    }

    /// A frame's checksums.
    private func receiveBlocks(_ question: Int, atMost count: UInt64) throws -> [UInt64] {
        var fields = RecordReader(Array(try mirror.receive(.volumeBlocks).payload))
        guard try fields.get(UInt32.self) == UInt32(question), fields.remaining > 0, fields.remaining % 8 == 0,
            UInt64(fields.remaining / 8) <= count
        else { throw TransportError("the mirror's answer does not fit the question") }
        var checksums: [UInt64] = []
        while fields.remaining > 0 { checksums.append(try fields.get()) }
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
        try mirror.send(Frame(kind: .volumesEqual))
    }

    private mutating func fill(_ entry: VolumeEntry) throws {
        var file = try VolumeReader(entry.path, in: places, asOwner: false)
        if file.byteCount == 0 { return }
        try put(.open(VolumeSender.handle, entry.path))
        try put(.truncate(.handle(VolumeSender.handle), byteCount: file.byteCount))
        try putRest(of: &file, from: 0)
        try put(.close(VolumeSender.handle))
    }

    /// From here on the mirror's file has nothing but zeros.
    private mutating func putRest(of file: inout VolumeReader, from start: UInt64) throws {
        for index in start..<max(start, file.blockCount) {
            let block = try file.block(index)
            progress.advance(by: UInt64(VolumeBlocks.byteCount))
            if VolumeReader.checksum(block) == 0 { try mirror.keepInTouch() } else { try put(index, block ?? []) }
        }
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
        try putRest(of: &file, from: VolumeBlocks.count(byteCount))
        try put(.close(VolumeSender.handle))
    }

    private mutating func put(_ index: UInt64, _ block: [UInt8]) throws {
        progress.noteSent(UInt64(block.count))
        try put(.write(.handle(VolumeSender.handle), offset: index * UInt64(VolumeBlocks.byteCount), block))
    }

    private mutating func put(_ operation: FileOperation) throws {
        operation.write(to: &waiting)
        if waiting.bytes.count >= VolumeSender.frameByteCount { try flush() } else { try mirror.keepInTouch() }
    }

    private mutating func flush() throws {
        if waiting.bytes.isEmpty { return }
        try mirror.requireNoRefusal()
        try mirror.send(Frame(kind: .volumeChanges, payload: waiting.bytes))
        waiting = RecordWriter(capacity: VolumeSender.frameByteCount + 2 * VolumeBlocks.byteCount)
    }
}
