import Glibc
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
            let names = try volume.survey()[VolumePath("f")]?.attributes.map { String(decoding: $0.name, as: UTF8.self) }
            #expect(names == ["user.kept"])
        }
    }
}
