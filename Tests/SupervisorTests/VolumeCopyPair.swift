import Epochs
import TestSupport
import Transport
import VolumeStore
import Volumes

@testable import Supervisor

/// Both ends of a link over loopback, and both copies of a volume.
struct VolumeCopyPair: Sendable {
    let primary: LinkSocket
    let mirror: LinkSocket
    let volume: ScratchDirectory
    let copy: ScratchDirectory

    static let patienceNanoseconds: UInt64 = 120_000_000_000

    init(in scratch: ScratchDirectory) throws {
        let listener = try LinkListener(on: Endpoint(parsing: "127.0.0.1:0"))
        primary = try LinkSocket.connect(toFirstOf: [listener.address], timeoutNanoseconds: 5_000_000_000)
        guard let accepted = try listener.accept(timeoutNanoseconds: 5_000_000_000) else {
            throw TestFailure("nobody connected")
        }
        mirror = accepted
        (volume, copy) = (try scratch.makeScratch("volume"), try scratch.makeScratch("copy"))
    }

    /// The primary's side, which says something at every opportunity. The link is closed where it throws.
    func send() throws {
        let place = VolumePlace(guestPath: "/data", hostPath: volume.path)
        var sender = VolumeSender(
            primary, FrameReader(primary), [place], MessageLog(format: .text), silenceMax: .zero)
        do {
            try sender.run()
        } catch {
            primary.shutdown()
            throw error
        }
    }

    /// The mirror's side.
    func receive() throws {
        let store = try VolumeStore([VolumePlace(guestPath: "/data", hostPath: copy.path)]) { _ in }
        let receiver = VolumeReceiver(
            link: mirror, reader: FrameReader(mirror), volumes: store, isDurable: false)
        do {
            try receiver.run()
        } catch {
            mirror.shutdown()
            throw error
        }
    }

    /// The frames of a mirror that a test plays itself.
    func next(_ reader: FrameReader) throws -> FrameReader.Received {
        guard let received = try reader.receive(timeoutNanoseconds: VolumeCopyPair.patienceNanoseconds) else {
            throw TestFailure("the primary closed the link")
        }
        return received
    }

    /// As such a mirror says what is in its copy, and hears what is asked.
    func exchange(_ reader: FrameReader) throws {
        var list = VolumeList(.volumeEntries, to: mirror)
        try VolumeSurvey.forEach(in: [VolumePlace(guestPath: "/data", hostPath: copy.path)], asOwner: true) { entry in
            try list.append { entry.write(to: &$0) }
        }
        try list.end()
        while try next(reader).header.kind != .volumeQuestions {}
    }
}
