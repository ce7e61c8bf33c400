import Foundation
import TestSupport
import Testing
import VolumeStore
import Volumes

@Suite("a first copy, as the file system sees it")
struct FirstCopyTests {
    /// An access control list as its attribute has it (linux/posix_acl_xattr.h): all for the owner, reading and writing
    /// for one other user, nothing for others.
    private static let list: [UInt8] = {
        let entries: [(tag: UInt16, bits: UInt16, id: UInt32)] = [
            (0x01, 7, .max), (0x02, 6, 4711), (0x04, 0, .max), (0x10, 6, .max), (0x20, 0, .max),
        ]
        var bytes: [UInt8] = [2, 0, 0, 0]
        for entry in entries {
            withUnsafeBytes(of: entry.tag.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: entry.bits.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: entry.id.littleEndian) { bytes += $0 }
        }
        return bytes
    }()

    @Test("what is made new does not keep the list that it inherits from a directory of the mirror's")
    func inheritedLists() async throws {
        try await FirstCopy.with { pair in
            for volume in [pair.wanted, pair.copy] {
                try volume.scratch.makeDirectory("volume/d")
                guard volume.setAttribute("d", "system.posix_acl_default", Self.list) else { return }
            }
            // Older than the list of their directory.
            try pair.wanted.scratch.makeDirectory("volume/later/inner")
            for name in ["file", "inner/file"] { try pair.wanted.scratch.write("volume/later/\(name)", text: "x") }
            mkfifo(pair.wanted.host("later/fifo"), 0o640)
            symlink("file", pair.wanted.host("later/link"))
            let names = ["inner", "file", "fifo", "link"]
            for name in names { rename(pair.wanted.host("later/\(name)"), pair.wanted.host("d/\(name)")) }
            try pair.run()
            for name in ["d", "d/inner/file"] + names.map({ "d/\($0)" }) { #expect(try pair.isSame(name), "\(name)") }
            #expect(pair.copy.attributeByteCount("d/file", "system.posix_acl_access") == nil)
        }
    }

    @Test("taking away a list that is not there does nothing")
    func noList() async throws {
        try await VolumeFixture.with { volume in
            try volume.apply(
                .createFile(VolumePath("f"), .own(0o600)),
                .removeAttribute(.path(VolumePath("f")), name: Array("system.posix_acl_access".utf8)))
            #expect(throws: VolumeError.self) {
                try volume.apply(.removeAttribute(.path(VolumePath("f")), name: Array("user.none".utf8)))
            }
        }
    }
}
