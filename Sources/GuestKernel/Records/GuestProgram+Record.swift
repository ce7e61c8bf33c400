import GuestMemory
import RecordCoding

extension GuestProgram {
    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 8192)
        writer.put(path)
        writer.putAll(arguments) { writer, argument in writer.put(argument) }
        writer.putAll(environment) { writer, assignment in writer.put(assignment) }
        writer.put(auxiliaryVector)
        writer.put(stack.start)
        writer.put(stack.end)
        writer.put(entry)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        self.init()
        var reader = RecordReader(bytes)
        path = try reader.getText()
        arguments = try reader.getAll { reader throws(RecordError) in try reader.getBytes() }
        environment = try reader.getAll { reader throws(RecordError) in try reader.getBytes() }
        auxiliaryVector = try reader.getBytes()
        let (start, end) = (try reader.get(UInt64.self), try reader.get(UInt64.self))
        guard start <= end else { throw .isMalformed }
        stack = AddressRange(start: start, end: end)
        entry = try reader.get()
        try reader.finish()
    }
}
