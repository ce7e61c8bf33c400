import Glibc
import RecordCoding
import Testing

@testable import GuestKernel

/// A redirected stdout at a takeover on the same machine: the primary has died somewhere in the middle of a release.
@Suite("output to a regular file, once")
struct FileOutputTests {
    private static let before = "before\n"
    private static let text = "first line\nsecond line\n"

    /// How the guest's file was opened.
    enum Opened: CaseIterable {
        case writing, appending

        var flags: Int32 { self == .appending ? O_WRONLY | O_APPEND : O_WRONLY }
    }

    /// A file with `before` in it; deleted by nobody but the temporary directory's owner.
    private static func makeFile() throws -> String {
        var template = Array("/tmp/understudy-output-XXXXXX".utf8CString)
        let hostFD = mkstemp(&template)
        try #require(hostFD >= 0)
        try #require(HostObjects.write(hostFD, Array(before.utf8)) == before.utf8.count)
        close(hostFD)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func content(_ path: String) throws -> String {
        let hostFD = open(path, O_RDONLY)
        defer { close(hostFD) }
        return String(decoding: try #require(HostObjects.read(hostFD)), as: UTF8.self)
    }

    /// What the mirror has of a primary that wrote `text` behind `before`.
    private static func ledger(_ file: FileDescription) throws -> OutputLedger {
        let gate = OutputGate(demand: CheckpointDemand(), clock: GuestClock())
        gate.adopt(file)
        let bytes = Array(text.utf8)
        let hold = try #require(file.hold)
        for part in [bytes[..<5], bytes[5...]] {
            let taken = hold.put(part.count) { place, count in
                part.withUnsafeBytes { place.copyMemory(from: $0.baseAddress!, byteCount: count) }
                return count
            }
            try #require(taken == part.count)
        }
        var ledger = OutputLedger()
        try ledger.add(gate.cut(epoch: 1))
        gate.seal()
        return ledger
    }

    /// The file after a primary that released `released` of its bytes, somebody who wrote `others`, and a takeover.
    private static func takenOver(
        _ opened: Opened, released: Int, others: String = "", isShared: Bool, sharesMachine: Bool = true
    ) throws -> (content: String, offset: off_t) {
        let path = try makeFile()
        defer { unlink(path) }
        let fixture = try KernelFixture(sharesMachineWithPrimary: sharesMachine)
        let primaryFD = open(path, opened.flags)
        lseek(primaryFD, 0, SEEK_END)
        // The mirror's descriptor is the primary's own, or another of the same file.
        let mirrorFD = isShared ? dup(primaryFD) : open(path, opened.flags)
        let file = try fixture.add(
            .regular, mirrorFD, .outside(OutsideRecord(descriptor: 77)), flags: opened.flags)
        let primary = FileDescription(
            kind: .regular, hostFD: primaryFD, statusFlags: opened.flags,
            record: .outside(OutsideRecord(descriptor: 77)), identity: file.identity)
        var ledger = try ledger(primary)
        try #require(HostObjects.write(primaryFD, Array(text.utf8.prefix(released))) == released)
        let other = open(path, O_WRONLY | O_APPEND)
        try #require(HostObjects.write(other, Array(others.utf8)) == others.utf8.count)
        close(other)
        ledger.emit(into: fixture.kernel)
        return (try content(path), lseek(mirrorFD, 0, SEEK_CUR))
    }

    @Test("wherever the release was cut short", arguments: Opened.allCases, [true, false])
    func once(_ opened: Opened, _ isShared: Bool) throws {
        for released in 0...FileOutputTests.text.utf8.count {
            let (content, offset) = try FileOutputTests.takenOver(opened, released: released, isShared: isShared)
            #expect(content == FileOutputTests.before + FileOutputTests.text, "after \(released) bytes")
            if opened == .writing { #expect(Int(offset) == content.utf8.count) }
        }
    }

    @Test("where others append to the same file there is no gap, and nothing of theirs is overwritten")
    func others() throws {
        let content = try FileOutputTests.takenOver(.appending, released: 0, others: "other\n", isShared: true).content
        #expect(content == FileOutputTests.before + "other\n" + FileOutputTests.text)
    }

    @Test("a file of another machine with the same number is another file")
    func otherMachine() throws {
        let bytes = FileOutputTests.text.utf8.count
        let content = try FileOutputTests.takenOver(
            .appending, released: bytes, isShared: false, sharesMachine: false
        ).content
        #expect(content == FileOutputTests.before + FileOutputTests.text + FileOutputTests.text)
    }
}
