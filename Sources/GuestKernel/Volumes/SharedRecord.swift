import RecordCoding
import Volumes

/// What a supervisor of a child, or of one that has children, has done to volumes, as the first one reads it.
struct SharedRecord: Equatable {
    enum Content: Equatable {
        case operations([FileOperation])
        /// It has started a child, which has all of these open.
        case started(StartedProcess, [FileOperation.Handle])
        /// It has nothing open any more, and changes nothing.
        case ended
    }

    /// A child, as its parent knows it on the host.
    struct StartedProcess: Equatable {
        let serial: UInt32
        let pid: Int32
        let startTicks: UInt64
    }

    private enum Tag: UInt8 {
        case operations = 1
        case started, ended
    }

    /// Whose word it is.
    let serial: UInt32
    let content: Content

    var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 64)
        writer.put(serial)
        switch content {
        case .operations(let operations):
            writer.put(Tag.operations.rawValue)
            writer.put(FileOperationList.encode(operations))
        case .started(let process, let handles):
            writer.put(Tag.started.rawValue)
            writer.put(process.serial)
            writer.put(process.pid)
            writer.put(process.startTicks)
            writer.putAll(handles) { $0.put($1) }
        case .ended: writer.put(Tag.ended.rawValue)
        }
        return writer.bytes
    }

    /// All that were written one behind the other.
    static func decode(_ bytes: [UInt8]) throws(RecordError) -> [SharedRecord] {
        var reader = RecordReader(bytes)
        var records: [SharedRecord] = []
        while reader.remaining > 0 { records.append(try SharedRecord(from: &reader)) }
        return records
    }

    init(serial: UInt32, _ content: Content) {
        self.serial = serial
        self.content = content
    }

    private init(from reader: inout RecordReader) throws(RecordError) {
        serial = try reader.get()
        guard let tag = Tag(rawValue: try reader.get()) else { throw .isMalformed }
        switch tag {
        case .operations: content = .operations(try FileOperationList.decode(try reader.getBytes()))
        case .started:
            let process = StartedProcess(
                serial: try reader.get(), pid: try reader.get(), startTicks: try reader.get())
            content = .started(process, try reader.getAll { reader throws(RecordError) in try reader.get() })
        case .ended: content = .ended
        }
    }
}
