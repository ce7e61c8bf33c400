import Foundation
import TestSupport

/// The files that traced commands work on: the same each time, down to their times.
enum TraceFixture {
    /// Runs `body` with a new directory on a tmpfs: what is made there later has a higher inode number and comes first
    /// in its directory, so that tools that sort by inodes, or do not sort, do the same each time.
    static func withDirectory<Result>(_ body: (ScratchDirectory) async throws -> Result) async throws -> Result {
        var template = Array("/dev/shm/understudy-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestFailure("no directory in /dev/shm: \(String(cString: strerror(errno)))")
        }
        let bytes = template.dropLast().map { UInt8(bitPattern: $0) }
        let scratch = ScratchDirectory(path: String(decoding: bytes, as: UTF8.self))
        defer { try? FileManager.default.removeItem(atPath: scratch.path) }
        return try await body(scratch)
    }

    /// Makes the working directory below `scratch`, in place of the one of the run before, and returns its path.
    static func make(in scratch: ScratchDirectory) throws -> String {
        try? FileManager.default.removeItem(atPath: scratch.file("work"))
        let work = try scratch.makeScratch("work")
        try work.write("words", text: (0..<400).map { "word\($0 * 7 % 50) line \($0)\n" }.joined())
        try work.write("sorted", text: (0..<100).map { "key\($0 + 100) value\($0)\n" }.joined())
        try work.write("other", text: (50..<150).map { "key\($0 + 100) other\($0)\n" }.joined())
        try work.write("binary", (0..<20_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) })
        try work.write("odd \u{e9}\tname\"", text: "\u{1}\u{7f}\\ \"quoted\" \u{e9}\r\u{b}\n")
        try work.write("empty", [])
        try work.makeDirectory("tree/left/deep")
        try work.makeDirectory("tree/right")
        for number in 0..<4 { try work.write("tree/left/file\(number)", text: "file \(number)\n") }
        try work.write("tree/right/needle", text: "nothing\na needle here\n")
        try FileManager.default.createSymbolicLink(atPath: work.file("tree/link"), withDestinationPath: "left/file3")
        try pinTimes(below: work.path)
        return work.path
    }

    private static func pinTimes(below path: String) throws {
        let names = FileManager.default.subpaths(atPath: path) ?? []
        for name in names.map({ "\(path)/\($0)" }) + [path] {
            let times = [timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec(tv_sec: 1_700_000_000, tv_nsec: 0)]
            guard utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw TestFailure("cannot set the time of \(name)")
            }
        }
    }
}
