import CGuestEntry
import FoundationEssentials
import Glibc
import GuestMemory

/// The file that `--report` names: a reader sees the old content or the new one, never a part.
struct ReportFile: Sendable {
    private enum Target: Sendable {
        /// Replaced as a whole.
        case path(String)
        /// A terminal, a pipe, /dev/null: written to, as renaming over it would destroy it.
        case descriptor(Int32)
    }

    private let name: String
    private let target: Target

    /// Makes sure that it can be written before a guest runs for hours.
    init(path: String) throws(SupervisorError) {
        name = path
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            target = .descriptor(try ReportFile.open(path, O_WRONLY | O_APPEND, name: path))
            return
        }
        // Absolute, as the guest may change the working directory; a symbolic link's target is what is replaced.
        let absolute = ReportFile.absolute(path)
        target = .path(absolute)
        let trial = ReportFile.temporaryPath(for: absolute)
        let descriptor = try ReportFile.open(trial, O_WRONLY | O_CREAT | O_TRUNC, name: path)
        hostCall(__NR_close, UInt64(signed: descriptor))
        unlink(trial)
    }

    func write(_ report: RunReport) throws(SupervisorError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let encoded = try? encoder.encode(report) else {
            throw SupervisorError(.failed, "--report \(name): the report cannot be encoded")
        }
        let bytes = Array(encoded) + [UInt8(ascii: "\n")]
        switch target {
        case .descriptor(let descriptor):
            try write(bytes, to: descriptor)
        case .path(let path):
            let temporary = ReportFile.temporaryPath(for: path)
            let descriptor = try ReportFile.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, name: name)
            defer { hostCall(__NR_close, UInt64(signed: descriptor)) }
            do throws(SupervisorError) {
                try write(bytes, to: descriptor)
                guard rename(temporary, path) == 0 else { throw failure(errno) }
            } catch {
                unlink(temporary)
                throw error
            }
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(SupervisorError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                return hostCall(
                    __NR_write, UInt64(signed: descriptor), UInt64(address: rest.baseAddress), UInt64(rest.count))
            }
            if written == -Int(EINTR) { continue }
            if written < 0 { throw failure(Int32(-written)) }
            done += written
        }
    }

    private func failure(_ errno: Int32) -> SupervisorError {
        SupervisorError(.failed, "--report \(name): \(errorText(errno))")
    }

    private static func open(_ path: String, _ flags: Int32, name: String) throws(SupervisorError) -> Int32 {
        let opened = path.withCString { path in
            hostCall(
                __NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(flags | O_CLOEXEC | O_NOCTTY),
                0o666)
        }
        if opened >= 0 { return Int32(opened) }
        throw SupervisorError(.failed, "--report \(name): \(errorText(Int32(-opened)))")
    }

    private static func temporaryPath(for path: String) -> String {
        "\(path).\(hostCall(__NR_getpid)).partial"
    }

    /// The same file after the working directory has changed.
    static func absolute(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        if path.hasPrefix("/") { return path }
        guard let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }
}
