import GuestKernel
import RecordCoding
import Volumes

@testable import Epochs

/// Feeds bytes that could come from anybody to everything that reads the link, as a peer would that knows how to
/// compute checksums: without that, a mutated frame would not get past its header.
///
/// The first byte says what the rest is. Whatever it is, the outcome is a value or an error; a crash, or memory out of
/// proportion, is what the fuzzer looks for.
public enum WireInput {
    /// What the first byte chooses, modulo their number.
    private enum Reading: UInt8, CaseIterable {
        /// A frame as it is.
        case frame
        /// Frames of an epoch: kind u8, length u16, payload; headers and checksums are made here.
        case epoch
        case hello
        case welcome
        case heartbeat
        case heartbeatReply
        case fileOperations
        case output
    }

    /// Pages that a difference may be based on: what a mirror would have.
    private static let baseNumbers: ClosedRange<UInt64> = 0x10...0x1f
    private static let epochKinds: [FrameKind] = [
        .pages, .discards, .layout, .records, .files, .output, .released, .epochEnd,
    ]

    public static func read(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        // Apart, so that what the kept inputs' first bytes mean stays as it was.
        if first == volumesMark { return readVolumes(rest) }
        switch Reading.allCases[Int(first) % Reading.allCases.count] {
        case .frame: _ = try? rest.withUnsafeBytes { try FrameHeader.check($0) }
        case .epoch: readEpochs(rest)
        case .hello: readMessage(Hello.self, rest)
        case .welcome: readMessage(Welcome.self, rest)
        case .heartbeat: readMessage(Heartbeat.self, rest)
        case .heartbeatReply: readMessage(HeartbeatReply.self, rest)
        case .fileOperations: readFileOperations(rest)
        case .output: readOutput(rest)
        }
    }

    private static func readMessage<Message: WireMessage>(_ type: Message.Type, _ bytes: [UInt8]) {
        guard let message = try? bytes.withUnsafeBytes({ try Message(payload: $0) }) else { return }
        // What is understood is written as it came, but for text that was no UTF-8.
        let again = message.frame.bytes.dropFirst(FrameHeader.byteCount)
        guard let second = try? Array(again).withUnsafeBytes({ try Message(payload: $0) }) else {
            preconditionFailure("what a message writes cannot be read")
        }
        precondition(second.frame.bytes == message.frame.bytes, "a message reads differently from what it wrote")
    }

    private static func readFileOperations(_ bytes: [UInt8]) {
        guard let operations = try? FileOperationList.decode(bytes) else { return }
        let again = FileOperationList.encode(operations)
        precondition((try? FileOperationList.decode(again)) == operations, "file operations read differently")
    }

    private static let volumesMark: UInt8 = 0xff

    /// What two sides have in their volumes, one behind the other, and what is to be done about it.
    private static func readVolumes(_ bytes: [UInt8]) {
        var reader = RecordReader(bytes)
        var sides: [[VolumeEntry]] = [[], []]
        while reader.remaining > 0, let isOther = try? reader.getFlag(), let entry = try? VolumeEntry(from: &reader) {
            var writer = RecordWriter()
            entry.write(to: &writer)
            var again = RecordReader(writer.bytes)
            precondition((try? VolumeEntry(from: &again)) == entry, "an entry reads differently from what it wrote")
            sides[isOther ? 1 : 0].append(entry)
        }
        let plan = VolumePlan(from: sides[0], to: sides[1])
        let operations = plan.names + plan.attributes(written: [])
        let list = FileOperationList.encode(operations)
        precondition((try? FileOperationList.decode(list)) == operations, "a plan cannot be sent")
    }

    private static func readOutput(_ bytes: [UInt8]) {
        var ledger = OutputLedger()
        guard let split = bytes.first.map({ min(Int($0) * 8 + 1, bytes.count) }) else { return }
        try? ledger.add(Array(bytes[1..<split]))
        try? ledger.markReleased(Array(bytes[split...]))
    }

    /// Several epochs, one behind the other, by one decoder, until one is refused.
    private static func readEpochs(_ bytes: [UInt8]) {
        var reading = EpochReading()
        var rest = bytes[...]
        while rest.count >= 3 {
            let head = Array(rest.prefix(3))
            let kind = epochKinds[Int(head[0]) % epochKinds.count]
            let payload = Array(rest.dropFirst(3).prefix(Int(head[1]) | Int(head[2]) << 8))
            guard (try? reading.consume(kind, payload)) != nil else { return }
            rest = rest.dropFirst(3 + payload.count)
        }
    }

    /// A decoder, and what a primary knows of the epoch that it is writing.
    private struct EpochReading {
        private var decoder = EpochDecoder()
        private var sequence: UInt32 = 0
        private var running: UInt64 = 0
        private var pageCount: UInt64 = 0

        mutating func consume(_ kind: FrameKind, _ payload: [UInt8]) throws {
            let number = decoder.lastEpoch + 1
            var payload = payload
            // An end that is right, where it is not to be another by its first byte.
            if kind == .epochEnd, payload.first != 0xff {
                var writer = RecordWriter()
                let summary = EpochEnd.Summary(isWhole: number == 1, guestNanoseconds: 1, guestEnd: nil)
                EpochEnd(number: number, summary: summary, pageCount: pageCount, runningChecksum: running)
                    .write(to: &writer)
                payload = writer.bytes
            }
            var frame = [UInt8](repeating: 0, count: FrameHeader.byteCount) + payload
            let header = FrameHeader(
                kind: kind, epoch: number, sequence: sequence, payloadByteCount: payload.count)
            let sum = frame.withUnsafeMutableBytes { header.write(before: $0) }
            var pages: UInt64 = 0
            try frame.withUnsafeBytes { frame in
                try decoder.consume(frame, base: WireInput.base) { item in
                    if case .page = item { pages += 1 }
                    WireInput.take(item)
                }
            }
            sequence += 1
            pageCount += pages
            running = EpochDecoder.combined(running, sum)
            if decoder.lastEpoch == number { (sequence, running, pageCount) = (0, 0, 0) }
        }
    }

    private static func take(_ item: EpochDecoder.Item) {
        switch item {
        case .page(_, let page, _): precondition(page.load(fromByteOffset: 4095, as: UInt8.self) <= 255)
        case .records(let delta): precondition(delta.changed.count <= 1 << 20, "more records than bytes")
        case .files(let bytes): readFileOperations(bytes)
        case .output(let bytes):
            var ledger = OutputLedger()
            try? ledger.add(bytes)
        case .discards, .layout, .released, .complete: break
        }
    }

    private static func base(_ number: UInt64, _ page: UnsafeMutableRawPointer) -> Bool {
        guard baseNumbers.contains(number) else { return false }
        for index in 0..<4096 {
            page.storeBytes(of: UInt8(truncatingIfNeeded: index / 7), toByteOffset: index, as: UInt8.self)
        }
        return true
    }
}
