import Foundation
import TestSupport
import Testing
import VolumeStore
import Volumes

@Suite("looking at all that is in a volume")
struct VolumeSurveyTests {
    @Test("labels of the host's security modules are not the volume's")
    func hostLabels() async throws {
        try await VolumeFixture.with { volume in
            try volume.scratch.write("volume/f", text: "f")
            #expect(volume.setAttribute("f", "user.kept", [1]))
            // Only root may, and a host with such a module may not let anybody.
            let labels = ["security.selinux", "security.SMACK64", "security.SMACK64EXEC", "security.apparmor"]
            _ = labels.map { volume.setAttribute("f", $0, Array("label".utf8)) }
            let names = try volume.survey()[VolumePath("f")]?.attributes.map(\.name)
            #expect(names == [Array("user.kept".utf8)])
        }
    }

    @Test("a file with more attributes than an entry may have is named")
    func tooManyAttributes() async throws {
        // Most file systems on a disk hold fewer.
        var template = Array("/dev/shm/understudy-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return }
        let scratch = ScratchDirectory(path: String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self))
        defer { try? FileManager.default.removeItem(atPath: scratch.path) }
        let volume = try VolumeFixture(in: scratch)
        try scratch.write("volume/f", text: "f")
        let value = [UInt8](repeating: 1, count: 64 << 10)
        for number in 0..<15 where !volume.setAttribute("f", "user.\(number)", value) { return }
        #expect(try volume.survey()[VolumePath("f")]?.attributes.count == 15)
        for number in 15..<17 where !volume.setAttribute("f", "user.\(number)", value) { return }
        let error = #expect(throws: VolumeError.self) { try volume.survey() }
        let words = "\(volume.host("f")) has more than 1 MiB of extended attributes, which is too much"
        #expect(error?.message == words)
    }
}
