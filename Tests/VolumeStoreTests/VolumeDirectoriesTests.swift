import Foundation
import TestSupport
import Testing
import VolumeStore
import Volumes

@Suite("the directories of a mirror's copies")
struct VolumeDirectoriesTests {
    private static func offer(_ path: String) throws -> (path: String, file: FileIdentity) {
        (path, try VolumeDirectories.identity(of: path))
    }

    @Test("on one machine the primary's own directory is refused")
    func ownDirectory() async throws {
        try await ScratchDirectory.with { scratch in
            let volume = try scratch.makeDirectory("volume")
            for root in [nil, volume] {
                let places = try VolumeDirectories.make([volume], below: root)
                let error = #expect(throws: VolumeError.self) {
                    try VolumeDirectories.checkApart(places, from: [Self.offer(volume)], hasRoot: root != nil)
                }
                #expect(error?.message.contains("--volume-root") == true)
            }
            let root = try scratch.makeDirectory("root")
            let places = try VolumeDirectories.make([volume], below: root)
            try VolumeDirectories.checkApart(places, from: [Self.offer(volume)], hasRoot: true)
            #expect(places == [VolumePlace(guestPath: volume, hostPath: root + volume)])
        }
    }

    @Test("on one machine a place with the primary's own directory in it is refused: it would be emptied")
    func ownDirectoryWithin() async throws {
        try await ScratchDirectory.with { scratch in
            let (one, root) = (try scratch.makeDirectory("one"), try scratch.makeDirectory("root"))
            let within = try scratch.makeDirectory("root\(one)/deep/within")
            let places = try VolumeDirectories.make([one, within], below: root)
            let error = #expect(throws: VolumeError.self) {
                try VolumeDirectories.checkApart(places, from: [Self.offer(one), Self.offer(within)], hasRoot: true)
            }
            #expect(error?.message.contains("\(within) lies in \(root + one)") == true)
            // Where the path leads to something else, the primary sees other directories.
            let elsewhere = (within, FileIdentity(device: 0, inode: 1))
            try VolumeDirectories.checkApart(places, from: [Self.offer(one), elsewhere], hasRoot: true)
        }
    }

    @Test("places that are one another, or lie in one another, are refused")
    func nested() async throws {
        try await ScratchDirectory.with { scratch in
            let one = try scratch.makeDirectory("one")
            try scratch.makeDirectory("one/inner")
            for (number, target) in ["one", "one/inner", "one/.."].enumerated() {
                let link = scratch.file("link\(number)")
                symlink(scratch.file(target), link)
                for volumes in [[one, link], [link, one]] {
                    let places = try VolumeDirectories.make(volumes, below: nil)
                    #expect(throws: VolumeError.self) { try VolumeDirectories.checkDistinct(places) }
                }
            }
            let other = try scratch.makeDirectory("other")
            try VolumeDirectories.checkDistinct(try VolumeDirectories.make([one, other], below: nil))
        }
    }
}
