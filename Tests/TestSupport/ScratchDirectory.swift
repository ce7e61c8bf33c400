import Foundation

/// A directory of a test's own.
public struct ScratchDirectory: Sendable {
    /// Absolute, without symbolic links.
    public let path: String

    /// A directory that is there, and that somebody else removes.
    public init(path: String) {
        self.path = path
    }

    /// Runs `body` with a new directory, which is removed if it returns and kept if it throws.
    public static func with<Result>(_ body: (ScratchDirectory) async throws -> Result) async throws -> Result {
        var template = Array("/tmp/understudy-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestFailure("no scratch directory: \(String(cString: strerror(errno)))")
        }
        let path = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map(UInt8.init), as: UTF8.self) }
        let scratch = ScratchDirectory(path: path)
        let result: Result
        do {
            result = try await body(scratch)
        } catch {
            throw TestFailure("\(error)\nfiles kept in \(path)")
        }
        try? FileManager.default.removeItem(atPath: path)
        return result
    }

    /// Makes a directory in it, with those above it.
    public func makeScratch(_ name: String) throws -> ScratchDirectory {
        ScratchDirectory(path: try makeDirectory(name))
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file in it, and returns the file's path.
    @discardableResult
    public func write(_ name: String, _ bytes: some Sequence<UInt8>, mode: mode_t = 0o644) throws -> String {
        let path = file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        guard chmod(path, mode) == 0 else { throw TestFailure("cannot chmod \(path)") }
        return path
    }

    /// Writes a text file in it, and returns the file's path.
    @discardableResult
    public func write(_ name: String, text: String, mode: mode_t = 0o644) throws -> String {
        try write(name, text.utf8, mode: mode)
    }

    /// Makes a directory in it, with those above it, and returns its path.
    @discardableResult
    public func makeDirectory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }

    /// The contents of a file in it.
    public func read(_ name: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file(name)) else {
            throw TestFailure("cannot read \(file(name))")
        }
        return [UInt8](data)
    }
}
