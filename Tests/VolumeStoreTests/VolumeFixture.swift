import CGuestEntry
import Glibc
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
    func survey() throws -> [VolumePath: VolumeEntry] {
        var entries: [VolumePath: VolumeEntry] = [:]
        try VolumeSurvey.forEach(in: store.places) { entries[$0.path] = $0 }
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
        FileOperation.Ownership(mode: mode, user: getuid(), group: getgid())
    }
}
