import CMeasurement
import Glibc

/// A directory for the files of one measurement.
public final class ScratchDirectory {
    public let path: String

    public init() throws(MeasurementError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/understudy-bench.XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        guard made else { throw MeasurementError("no directory in \(parent): \(errorText(errno))") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leftovers.add(directory: path)
    }

    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// It and all that is in it.
    public func remove() {
        ScratchDirectory.removeTree(path)
        Leftovers.remove(directory: path)
    }

    static func removeTree(_ path: String) { measurement_remove_tree(path) }
}
