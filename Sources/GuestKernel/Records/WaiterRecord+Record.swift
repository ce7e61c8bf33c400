import RecordCoding

extension WaiterRecord {
    func write(to writer: inout RecordWriter) {
        writer.put(callNumber)
        writer.put(deadlineNanoseconds)
        writer.put(endNanoseconds)
        writer.put(Int64(progress))
        writer.put(Int64(messageCount))
        writer.put(result.map { Int64($0) })
        writer.put(futexAddress)
        writer.put(isAboutToChangeName)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        self.init()
        callNumber = try reader.get()
        deadlineNanoseconds = try reader.getOptional()
        endNanoseconds = try reader.getOptional()
        progress = Int(try reader.get(Int64.self))
        messageCount = Int(try reader.get(Int64.self))
        result = try reader.getOptional(Int64.self).map { Int($0) }
        futexAddress = try reader.get()
        isAboutToChangeName = try reader.getFlag()
        guard 0...TransferCalls.byteCountMax ~= progress, 0...Int(MessageCalls.countMax) ~= messageCount else {
            throw .isMalformed
        }
    }
}
