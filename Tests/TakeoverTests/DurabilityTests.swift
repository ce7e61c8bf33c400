import Foundation
import TestSupport
import Testing

/// `--durable`: whoever hears that the guest has synced something may rely on the mirror's disk as well.
@Suite("what is synced is on the mirror's disk", .startsGuests)
struct DurabilityTests {
    /// Writes a megabyte, in one of the ways to have it on the disk, and says so.
    private static let writer = """
        import ctypes
        import os
        import sys
        path, way = sys.argv[1:]
        flags = {"O_SYNC": os.O_SYNC, "O_DSYNC": os.O_DSYNC}.get(way, 0)
        file = os.open(path, os.O_RDWR | os.O_CREAT | flags)
        if way == "RWF_DSYNC":
            os.pwritev(file, [b"x" * 1000000], 0, os.RWF_DSYNC)
        else:
            os.write(file, b"x" * 1000000)
        if way == "fsync":
            os.fsync(file)
        if way == "fdatasync":
            os.fdatasync(file)
        if way == "sync":
            os.sync()
        if way == "syncfs":
            ctypes.CDLL(None).syncfs(file)
        print("synced", flush=True)
        sys.stdin.read()
        """

    /// Says how many of a file's pages are in memory only: cachestat(2), since Linux 6.5.
    private static let counter = """
        import ctypes
        import os
        import sys
        class Range(ctypes.Structure):
            _fields_ = [("start", ctypes.c_uint64), ("count", ctypes.c_uint64)]
        class Pages(ctypes.Structure):
            _fields_ = [(name, ctypes.c_uint64) for name in ("there", "dirty", "writing", "gone", "recent")]
        pages = Pages()
        file = os.open(sys.argv[1], os.O_RDONLY)
        if ctypes.CDLL(None).syscall(451, file, ctypes.byref(Range()), ctypes.byref(pages), 0) != 0:
            sys.exit("no cachestat here")
        print(os.fstat(file).st_size, pages.dirty + pages.writing)
        """

    private static func count(_ path: String) async throws -> String {
        try await Command("/usr/bin/python3", ["-c", counter, path]).run().outputText
    }

    /// Whether this kernel can say what is on the disk.
    private static let canTell: Bool = {
        var version = utsname()
        uname(&version)
        let release = withUnsafeBytes(of: version.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 5)
    }()

    @Test(
        "however it was synced", .enabled(if: canTell),
        arguments: ["fsync", "fdatasync", "O_SYNC", "O_DSYNC", "RWF_DSYNC", "sync", "syncfs"])
    func synced(_ way: String) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            var options = pair.options()
            options.primaryWords.append("--durable")
            var command = Command("/usr/bin/python3", ["-c", Self.writer, pair.volume + "/file", way])
            command.input = .held
            let outcome = try await ReplicatedGuest.with(command, options) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("synced\n")
                #expect(try await Self.count(pair.mirrored + "/file") == "1000000 0\n")
                guest.primary.closeInput()
                return try await guest.waitForEnd()
            }
            try outcome.requireNoTrouble()
        }
    }
}
