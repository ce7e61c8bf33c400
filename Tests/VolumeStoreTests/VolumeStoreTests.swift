import Glibc
import TestSupport
import Testing
import VolumeStore
import Volumes

@Suite struct VolumeStoreTests {
    @Test func filesAreMadeWrittenRenamedAndRemoved() async throws {
        try await VolumeFixture.with { volume in
            try volume.apply(
                .makeDirectory(VolumePath("d"), .own(0o750)), .createFile(VolumePath("d/a"), .own(0o640)),
                .open(1, VolumePath("d/a")), .write(.handle(1), offset: 3, Array("def".utf8)),
                .write(.path(VolumePath("d/a")), offset: 0, Array("abc".utf8)),
                .rename(VolumePath("d/a"), VolumePath("b"), flags: 0),
                .write(.handle(1), offset: 6, Array("ghi".utf8)), .truncate(.handle(1), byteCount: 8),
                .link(.path(VolumePath("b")), VolumePath("c")), .removeDirectory(VolumePath("d")), .close(1))
            #expect(try volume.content("b") == "abcdefgh")
            #expect(volume.status("b")?.st_nlink == 2)
            #expect(volume.status("b").map { $0.st_mode & 0o7777 } == 0o640)
            #expect(volume.status("d") == nil)
        }
    }

    @Test func whatIsKnownOfAFileIsAsRecorded() async throws {
        try await VolumeFixture.with { volume in
            let times = FileOperation.Times(accessNanoseconds: -1, modificationNanoseconds: 1_500_000_000_123_456_789)
            try volume.apply(
                .makeSymbolicLink(VolumePath("s"), target: Array("/etc/passwd".utf8), .own(0o777)),
                .makeNode(VolumePath("fifo"), kind: UInt32(S_IFIFO), device: 0, .own(0o4)),
                .createFile(VolumePath("f"), .own(0)), .setMode(.path(VolumePath("f")), 0o4711),
                .setTimes(.path(VolumePath("f")), times), .setTimes(.path(VolumePath("s")), times),
                .setAttribute(.path(VolumePath("f")), name: Array("user.a".utf8), value: [1, 2]),
                .setAttribute(.path(VolumePath("")), name: Array("user.b".utf8), value: []))
            let status = try #require(volume.status("f"))
            #expect(status.st_mode & 0o7777 == 0o4711)
            #expect(status.st_mtim.tv_sec == 1_500_000_000 && status.st_mtim.tv_nsec == 123_456_789)
            #expect(status.st_atim.tv_sec == -1 && status.st_atim.tv_nsec == 999_999_999)
            #expect(volume.status("s")?.st_mtim.tv_sec == 1_500_000_000)
            #expect(volume.status("fifo").map { $0.st_mode } == S_IFIFO | 0o4)
            #expect(volume.attributeByteCount("f", "user.a") == 2)
            #expect(volume.attributeByteCount("", "user.b") == 0)
            try volume.apply(.removeAttribute(.path(VolumePath("f")), name: Array("user.a".utf8)))
            #expect(volume.attributeByteCount("f", "user.a") == nil)
        }
    }

    @Test func aRemovedFileStaysReachableWhileItIsOpen() async throws {
        try await VolumeFixture.with { volume in
            try volume.apply(
                .createFile(VolumePath("f"), .own(0o600)), .open(7, VolumePath("f")), .removeFile(VolumePath("f")),
                .write(.handle(7), offset: 0, Array("gone".utf8)),
                .openNameless(8, volume: 0, .own(0o604), mayBeLinked: true),
                .write(.handle(8), offset: 0, Array("named".utf8)), .link(.handle(8), VolumePath("late")))
            #expect(volume.status("f") == nil)
            #expect(try volume.content("late") == "named")
            #expect(volume.status("late").map { $0.st_mode & 0o7777 } == 0o604)
            let (places, files) = volume.store.handOver()
            #expect(places.map(\.guestPath) == ["/data"])
            var bytes = [UInt8](repeating: 0, count: 8)
            #expect(pread(try #require(files[7]), &bytes, 8, 0) == 4)
            for descriptor in files.values { close(descriptor) }
        }
    }

    @Test func anEpochIsCheckedBeforeAnyOfItIsApplied() async throws {
        let wrong: [FileOperation] = [
            .write(.handle(9), offset: 0, [1]), .close(9), .createFile(VolumePath("x", volume: 1), .own(0o600)),
            .rename(VolumePath("a"), VolumePath("a", volume: 9), flags: 0),
            .openNameless(1, volume: 4, .own(0), mayBeLinked: true),
            .makeNode(VolumePath("n"), kind: UInt32(S_IFREG), device: 0, .own(0)), .link(.handle(3), VolumePath("l")),
        ]
        try await VolumeFixture.with { volume in
            for operation in wrong {
                #expect(throws: VolumeError.self) {
                    try volume.apply(.createFile(VolumePath("a"), .own(0o600)), operation)
                }
                #expect(volume.status("a") == nil, "\(operation)")
            }
            #expect(throws: VolumeError.self) { try volume.store.check([1, 2, 3]) }
            #expect(throws: VolumeError.self) {
                try volume.apply(
                    .createFile(VolumePath("a"), .own(0o600)), .open(1, VolumePath("a")), .open(1, VolumePath("a")))
            }
        }
    }

    @Test func nothingLeadsOutOfTheVolume() async throws {
        try await VolumeFixture.with { volume in
            let outside = try volume.scratch.makeDirectory("outside")
            try volume.scratch.write("outside/secret", text: "secret")
            symlink(outside, volume.host("way"))
            symlink("../outside/secret", volume.host("file"))
            for path in ["way/secret", "way/new"] {
                let path = VolumePath(path)
                for operation: FileOperation in [
                    .createFile(path, .own(0o600)), .removeFile(path), .write(.path(path), offset: 0, [0]),
                    .setMode(.path(path), 0o777), .open(1, path), .rename(path, VolumePath("x"), flags: 0),
                    .link(.path(path), VolumePath("x")), .truncate(.path(path), byteCount: 0),
                    .setAttribute(.path(path), name: Array("user.a".utf8), value: [1]),
                ] {
                    #expect(throws: VolumeError.self, "\(operation)") { try volume.apply(operation) }
                }
            }
            // A link in the last place is meant itself.
            #expect(throws: VolumeError.self) { try volume.apply(.write(.path(VolumePath("file")), offset: 0, [0])) }
            #expect(throws: VolumeError.self) { try volume.apply(.open(1, VolumePath("file"))) }
            #expect(throws: VolumeError.self) { try volume.apply(.createFile(VolumePath("file"), .own(0o600))) }
            for path in ["..", "a/../../b", "/etc", "a//b", "."] {
                #expect(throws: VolumeError.self) { try volume.apply(.createFile(VolumePath(path), .own(0o600))) }
            }
            #expect(try volume.scratch.read("outside/secret") == Array("secret".utf8))
            #expect(access(outside + "/new", F_OK) == -1)
        }
    }

    @Test func aFailureNamesThePathAndTheReason() async throws {
        try await VolumeFixture.with { volume in
            try volume.apply(.createFile(VolumePath("f"), .own(0o600)))
            let error = #expect(throws: VolumeError.self) {
                try volume.apply(.truncate(.path(VolumePath("f")), byteCount: UInt64(Int64.max)))
            }
            #expect(error?.errno == EFBIG)
            #expect(error?.message == "cannot change the size of \(volume.host("f")): file too large")
            #expect(throws: VolumeError.self) {
                try volume.apply(.allocate(.path(VolumePath("f")), mode: 0, offset: 0, byteCount: 1 << 60))
            }
        }
    }

    @Test func whatTheGuestHadOpenStaysUsableWhereTheMirrorIsNotRoot() async throws {
        try await VolumeFixture.with { volume in
            try volume.asOwner {
                let (file, name) = (VolumePath("d/e/f"), Array("user.a".utf8))
                try volume.apply(
                    .makeDirectory(VolumePath("d"), .own(0o700)), .makeDirectory(VolumePath("d/e"), .own(0o700)),
                    .createFile(file, .own(0o400)), .setAttribute(.path(file), name: name, value: [1]),
                    .setMode(.path(VolumePath("d/e")), 0o100), .open(1, VolumePath("d/e")),
                    .setMode(.path(VolumePath("d")), 0), .open(2, VolumePath("d")), .open(3, file),
                    .write(.handle(3), offset: 0, Array("x".utf8)), .createFile(VolumePath("d/e/g"), .own(0o600)),
                    .rename(VolumePath("d/e/g"), VolumePath("h"), flags: 0), .removeAttribute(.path(file), name: name))
                #expect(volume.status("d").map { $0.st_mode & 0o7777 } == 0)
                let error = #expect(throws: VolumeError.self) { try volume.apply(.removeFile(VolumePath("d/e/none"))) }
                #expect(error?.errno == ENOENT)
            }
            #expect(volume.status("d/e").map { $0.st_mode & 0o7777 } == 0o100)
            #expect(volume.status("d/e/f").map { $0.st_mode & 0o7777 } == 0o400)
            #expect(volume.status("d/e/g") == nil && volume.status("h") != nil)
            for path in ["d/e", "d"] { chmod(volume.host(path), 0o700) }
        }
    }
}
