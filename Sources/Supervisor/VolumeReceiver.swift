import Epochs
import RecordCoding
import Transport
import VolumeStore
import Volumes

/// The mirror's side of bringing the volumes to it; see `VolumeSender`.
struct VolumeReceiver {
    let link: LinkSocket
    let reader: FrameReader
    let volumes: VolumeStore
    let isDurable: Bool

    /// Checksums in one frame: of 64 MiB, which a slow disk reads within a second.
    private static let checksumCountMax = 1024

    /// Returns when the volumes are the primary's. Where it throws they are of nobody, until the next synchronisation.
    func run() throws {
        try link.limitSending(toNanoseconds: VolumeLink.patienceNanoseconds)
        // One that is only waited for would be missed late, and meanwhile no other primary is taken.
        try link.watchPeersMachine(true)
        try receiveVolumes()
        try link.watchPeersMachine(false)
        try link.limitSending(toNanoseconds: nil)
    }

    private func receiveVolumes() throws {
        try sendEntries()
        try answer(try receiveQuestions())
        while true {
            let received = try receive()
            switch received.header.kind {
            case .volumeChanges: try volumes.apply(try volumes.check(Array(received.payload)))
            case .volumesEqual:
                guard !volumes.hasOpenFiles else { throw TransportError("the primary left a file open") }
                if isDurable { try volumes.synchronise() }
                return try link.send(Frame(kind: .volumesEqual))
            default: throw TransportError("the primary sent a frame that makes no sense here")
            }
        }
    }

    private func receive() throws -> FrameReader.Received {
        // Its disk may be as slow as this one.
        guard let received = try reader.receive(timeoutNanoseconds: VolumeLink.patienceNanoseconds) else {
            throw TransportError("the primary went away")
        }
        return received
    }

    private func sendEntries() throws {
        var list = VolumeList(.volumeEntries, to: link)
        try VolumeSurvey.forEach(in: volumes.places, asOwner: true) { entry in
            try list.append { entry.write(to: &$0) }
        }
        try list.end()
    }

    private func receiveQuestions() throws -> [VolumePath] {
        var paths: [VolumePath] = []
        var isComplete = false
        while !isComplete {
            isComplete = try VolumeList.read(try receiveQuestionFrame()) { fields in
                let path = try VolumePath(from: &fields)
                guard path.volume < volumes.places.count, paths.count < VolumeSender.entryCountMax else {
                    throw TransportError("the primary asks for what is not here")
                }
                paths.append(path)
            }
        }
        return paths
    }

    private func receiveQuestionFrame() throws -> FrameReader.Received {
        while true {
            let received = try receive()
            switch received.header.kind {
            case .volumeQuestions: return received
            // It is still there.
            case .volumeChanges where received.payload.isEmpty: continue
            default: throw TransportError("the primary sent a frame that makes no sense here")
            }
        }
    }

    private func answer(_ questions: [VolumePath]) throws {
        for (index, path) in questions.enumerated() {
            var file = try VolumeReader(path, in: volumes.places, asOwner: true)
            var fields = RecordWriter()
            for block in 0..<file.blockCount {
                if block % UInt64(VolumeReceiver.checksumCountMax) == 0 { fields.put(UInt32(index)) }
                fields.put(VolumeReader.checksum(try file.block(block)))
                let isFull = (block + 1) % UInt64(VolumeReceiver.checksumCountMax) == 0
                guard isFull || block + 1 == file.blockCount else { continue }
                try link.send(Frame(kind: .volumeBlocks, payload: fields.bytes))
                fields = RecordWriter()
            }
        }
    }
}
