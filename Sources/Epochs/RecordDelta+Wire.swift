import RecordCoding

extension RecordDelta {
    func write(to writer: inout RecordWriter) {
        writer.putAll(changed) { writer, change in
            writer.put(change.key.family)
            writer.put(change.key.number)
            writer.put(change.bytes)
        }
        writer.putAll(removed) { writer, key in
            writer.put(key.family)
            writer.put(key.number)
        }
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        self.init()
        changed = try reader.getAll { reader throws(RecordError) in
            Change(
                key: RecordKey(family: try reader.get(), number: try reader.get()), bytes: try reader.getBytes())
        }
        removed = try reader.getAll { reader throws(RecordError) in
            RecordKey(family: try reader.get(), number: try reader.get())
        }
    }
}
