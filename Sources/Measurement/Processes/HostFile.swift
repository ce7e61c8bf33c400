import Glibc

/// Small files, whole.
enum HostFile {
    static func text(of path: String) throws(MeasurementError) -> String {
        String(decoding: try bytes(of: path), as: UTF8.self)
    }

    static func bytes(of path: String) throws(MeasurementError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MeasurementError("\(path) cannot be read: \(errorText(errno))") }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw MeasurementError("\(path) cannot be read: \(errorText(errno))") }
            if count == 0 { return result }
            result += chunk.prefix(count)
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws(MeasurementError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw MeasurementError("\(path) cannot be written: \(errorText(errno))") }
        defer { close(descriptor) }
        try write(bytes, toDescriptor: descriptor, named: path)
    }

    static func write(_ bytes: [UInt8], toDescriptor descriptor: Int32, named path: String) throws(MeasurementError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw MeasurementError("\(path) cannot be written: \(errorText(errno))") }
            done += count
        }
    }
}

func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
