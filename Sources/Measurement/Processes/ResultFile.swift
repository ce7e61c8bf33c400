import Glibc

/// A file that results are written to at the end.
public struct ResultFile: Sendable {
    private let path: String

    /// Makes sure at once that it can be written. What it holds stays until then.
    public init(_ path: String) throws(MeasurementError) {
        self.path = path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw MeasurementError("\(path) cannot be written: \(errorText(errno))") }
        close(descriptor)
    }

    public func write(_ text: String) throws(MeasurementError) {
        try HostFile.write(Array(text.utf8), to: path)
    }
}
