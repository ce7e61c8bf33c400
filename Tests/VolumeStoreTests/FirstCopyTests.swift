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

    /// Directories and files that their owner may not use, of every kind that a copy has to do with.
    private static func makeClosed(_ volume: VolumeFixture, _ name: String) throws {
        let closed: [(directory: String, mode: mode_t)] = [
            ("read-only", 0o555), ("dark", 0), ("no-lookup", 0o644), ("no-list/inner", 0o311), ("\(name)/dark", 0),
            (name, 0o555),
        ]
        for (directory, _) in closed {
            let place = try volume.scratch.makeScratch("volume/" + directory)
            try place.write("same", text: "same")
            try place.write(name, text: "only there")
            try place.write("differs", text: name, mode: 0o200)
            try place.write("secret", text: "secret", mode: 0)
            #expect(volume.setAttribute("\(directory)/secret", "user.a", Array(name.utf8)))
        }
        for (directory, mode) in closed { chmod(volume.host(directory), mode) }
    }

    @Test("modes that keep an owner out do not keep a mirror that is not root from its copy")
    func closedDirectories() async throws {
        try await FirstCopy.with { pair in
            try Self.makeClosed(pair.wanted, "one")
            try Self.makeClosed(pair.copy, "two")
            try pair.wanted.asOwner {}
            for _ in 1...2 {
                try pair.run(asOwner: true)
                let (left, right) = (try pair.wanted.survey(), try pair.copy.survey())
                #expect(left.count > 20 && Set(left.keys) == Set(right.keys))
                for path in left.keys {
                    let name = String(decoding: path.relative, as: UTF8.self)
                    #expect(try pair.isSame(name), "\(name): \(String(describing: right[path]))")
                    guard case .regular = left[path]?.kind else { continue }
                    #expect(try pair.wanted.content(name) == pair.copy.content(name))
                }
            }
        }
    }
}
