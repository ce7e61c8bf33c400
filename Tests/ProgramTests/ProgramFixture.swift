import Foundation
import TestSupport

/// The files that the programs work on: the same each time, down to their times.
struct ProgramFixture {
    /// Where the scripts of this suite lie.
    static let scripts = TestEnvironment.packageRoot + "/Tests/ProgramTests/scripts"

    /// Makes the working directory below `scratch`, and returns its path.
    static func make(in scratch: ScratchDirectory) throws -> String {
        let work = try scratch.makeScratch("work")
        var random = SeededGenerator(seed: 5)
        var words = ""
        for number in 0..<2000 {
            let letter = String(UnicodeScalar(UInt8(97 + random.below(6))))
            words += "\(letter)\(random.below(900)) \(number * 7 % 1000) word\(random.below(50))\n"
        }
        try work.write("words.txt", text: words)
        try work.write("numbers.txt", text: (0..<3000).map { _ in "\(random.below(100_000))\n" }.joined())
        try work.write("binary.bin", (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) })
        try work.write("empty", [])
        try work.write("poem.txt", text: "Rosen sind rot\nVeilchen sind blau\nÜber allem\tist Ruh\n")
        try work.write("other.txt", text: "Rosen sind rot\nVeilchen sind violett\nÜber allem\tist Ruh\nEnde\n")
        try work.write("hello.c", text: helloSource)
        try work.makeDirectory("tree/left/deep")
        try work.makeDirectory("tree/right")
        for number in 0..<12 { try work.write("tree/left/file\(number)", text: "file \(number) of poem\n") }
        try work.write("tree/right/needle.txt", text: "nothing\na needle here\n")
        try work.write("tree/left/deep/tool", text: "#!/bin/sh\necho tool\n", mode: 0o755)
        try FileManager.default.createSymbolicLink(atPath: work.file("tree/link"), withDestinationPath: "left/file3")
        for name in ["builtins.sh", "children.sh", "script.py"] {
            let contents = FileManager.default.contents(atPath: "\(scripts)/\(name)") ?? Data()
            try work.write(name, contents, mode: 0o755)
        }
        try pinTimes(below: work.path)
        return work.path
    }

    private static let helloSource = """
        static double square(double value) { return value * value; }
        int table[] = { 1, 2, 3 };
        int sum(int count) { int total = 0; for (int i = 0; i < count; i++) total += table[i % 3]; return total; }
        int main(void) { return (int)square(sum(17)); }

        """

    private static func pinTimes(below path: String) throws {
        let contents = FileManager.default.subpaths(atPath: path) ?? []
        for name in contents.map({ "\(path)/\($0)" }) + [path] {
            let times = [timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec(tv_sec: 1_700_000_000, tv_nsec: 0)]
            guard utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw TestFailure("cannot set the time of \(name)")
            }
        }
    }

    /// What a directory holds, a line for each file: type, mode, name, and a link's target or the file's bytes.
    static func listing(of path: String) throws -> [String] {
        let manager = FileManager.default
        return try (manager.subpaths(atPath: path) ?? []).sorted().map { name in
            let attributes = try manager.attributesOfItem(atPath: "\(path)/\(name)")
            let mode = (attributes[.posixPermissions] as? Int).map { String($0, radix: 8) } ?? "?"
            switch attributes[.type] as? FileAttributeType {
            case .typeDirectory?: return "directory \(mode) \(name)"
            case .typeSymbolicLink?:
                return "link \(name) to \(try manager.destinationOfSymbolicLink(atPath: "\(path)/\(name)"))"
            case .typeRegular?:
                let bytes = manager.contents(atPath: "\(path)/\(name)") ?? Data()
                return "file \(mode) \(name), \(bytes.count) bytes, checksum \(checksum(bytes))"
            default: return "other \(mode) \(name)"
            }
        }
    }

    private static func checksum(_ bytes: Data) -> UInt64 {
        bytes.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}
