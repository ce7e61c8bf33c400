import CGuestEntry
import Foundation
import TestSupport
import VolumeStore
import Volumes

/// A volume in a scratch directory, and a store for it.
struct VolumeFixture {
    let scratch: ScratchDirectory
    let store: VolumeStore

    static func with(_ body: (VolumeFixture) throws -> Void) async throws {
        try await ScratchDirectory.with { scratch in try body(VolumeFixture(in: scratch)) }
    }

    init(in scratch: ScratchDirectory) throws {
        self.scratch = scratch
        let place = VolumePlace(guestPath: "/data", hostPath: try scratch.makeDirectory("volume"))
        store = try VolumeStore([place]) { _ in }
    }

    /// All that is in it, by its path.
    func survey(asOwner: Bool = false) throws -> [VolumePath: VolumeEntry] {
        var entries: [VolumePath: VolumeEntry] = [:]
        try VolumeSurvey.forEach(in: store.places, asOwner: asOwner) { entries[$0.path] = $0 }
        return entries
    }

    /// As an epoch brings them: encoded, checked, applied.
    func apply(_ operations: FileOperation...) throws {
        try store.apply(try store.check(FileOperationList.encode(operations)))
    }

    func host(_ path: String) -> String { scratch.file("volume/\(path)") }

    func content(_ path: String) throws -> String {
        String(decoding: try scratch.read("volume/\(path)"), as: UTF8.self)
    }

    /// How long an attribute is; nil where there is none. Glibc does not show getxattr(2) to Swift.
    func attributeByteCount(_ path: String, _ name: String) -> Int? {
        host(path).withCString { path in
            name.withCString { name in
                let count = host_call(
                    Int(__NR_getxattr), UInt64(UInt(bitPattern: path)), UInt64(UInt(bitPattern: name)), 0, 0, 0, 0)
                return count < 0 ? nil : count
            }
        }
    }

    /// Sets an attribute; false where this user may not, or the file system has none.
    func setAttribute(_ path: String, _ name: String, _ value: [UInt8]) -> Bool {
        host(path).withCString { path in
            name.withCString { name in
                value.withUnsafeBufferPointer { value in
                    host_call(
                        Int(__NR_setxattr), UInt64(UInt(bitPattern: path)), UInt64(UInt(bitPattern: name)),
                        UInt64(UInt(bitPattern: value.baseAddress)), UInt64(value.count), 0, 0) == 0
                }
            }
        }
    }

    /// Runs `body` with no more rights than a file's owner has: all that is there belongs to the user that it runs as.
    func asOwner(_ body: () throws -> Void) throws {
        guard geteuid() == 0 else { return try body() }
        let nobody: uid_t = 65534
        let all = FileManager.default.enumerator(atPath: scratch.path)?.compactMap { $0 as? String } ?? []
        for path in [scratch.path] + all.map(scratch.file) { lchown(path, nobody, getgid()) }
        // This thread's alone, and with it go the capabilities that are about files (setfsuid(2)).
        _ = FileUser.become(nobody)
        defer { _ = FileUser.become(0) }
        try body()
    }

    func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(host(path), &status) == 0 ? status : nil
    }
}

extension VolumePath {
    init(_ relative: String, volume: UInt16 = 0) {
        self.init(volume: volume, relative: Array(relative.utf8))
    }
}

extension FileOperation.Ownership {
    /// Of the user who runs the tests.
    static func own(_ mode: UInt32) -> FileOperation.Ownership {
        FileOperation.Ownership(mode: mode, user: FileUser.current, group: getgid())
    }
}

/// Whom the kernel takes this thread for where files are concerned (setfsuid(2), which Glibc does not show to Swift).
enum FileUser {
    /// No user has that number: nothing is set.
    static var current: uid_t { become(.max) }

    /// Returns who it was before.
    static func become(_ user: uid_t) -> uid_t {
        uid_t(host_call(Int(__NR_setfsuid), UInt64(user), 0, 0, 0, 0, 0))
    }
}
