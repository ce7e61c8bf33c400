import RecordCoding

extension SignalInfo {
    func write(to writer: inout RecordWriter) {
        writer.put(signal)
        writer.put(errno)
        writer.put(code)
        writer.put(field0)
        writer.put(field1)
        writer.put(field2)
        writer.put(field3)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        let signal = try reader.get(Int32.self)
        guard 1...SignalSet.count ~= signal else { throw .isMalformed }
        let errno = try reader.get(Int32.self)
        self.init(signal: signal, code: try reader.get())
        self.errno = errno
        field0 = try reader.get()
        field1 = try reader.get()
        field2 = try reader.get()
        field3 = try reader.get()
    }
}

extension PendingSignals {
    func write(to writer: inout RecordWriter) {
        writer.put(set)
        writer.put(UInt32(queue.count))
        for info in queue { info.write(to: &writer) }
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        let set = try reader.get(UInt64.self)
        let queue = try reader.getAll { reader throws(RecordError) in try SignalInfo(from: &reader) }
        // One that is queued but not in the set would never be taken.
        guard queue.allSatisfy({ set & SignalSet.bit($0.signal) != 0 }) else { throw .isMalformed }
        self.init(set: set, queue: queue)
    }
}

extension ThreadSignals {
    func write(to writer: inout RecordWriter) {
        writer.put(mask)
        writer.put(awaited)
        pending.write(to: &writer)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        let mask = try reader.get(UInt64.self)
        let awaited = try reader.get(UInt64.self)
        guard (mask | awaited) & SignalSet.unblockable == 0 else { throw .isMalformed }
        self.init(mask: mask, pending: try PendingSignals(from: &reader), awaited: awaited)
    }
}
