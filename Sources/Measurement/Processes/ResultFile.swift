import Glibc

/// Where results are written at the end: a file, or standard output for `-`.
public struct ResultFile: Sendable {
    private let path: String

    public var isStandardOutput: Bool { path == "-" }

    /// Makes sure at once that it can be written. What it holds stays until then, and it is not there before.
    public init(_ path: String) throws(MeasurementError) {
        self.path = path
        if isStandardOutput { return }
        var descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if descriptor >= 0 {
            unlink(path)
        } else if errno == EEXIST {
            descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else { throw MeasurementError("\(path) cannot be written: \(errorText(errno))") }
        close(descriptor)
    }

    public func write(_ text: String) throws(MeasurementError) {
        let bytes = Array(text.utf8)
        if isStandardOutput {
            try HostFile.write(bytes, toDescriptor: 1, named: "standard output")
        } else {
            try HostFile.write(bytes, to: path)
        }
    }
}
