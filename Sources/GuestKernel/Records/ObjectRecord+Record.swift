import GuestMemory
import RecordCoding

extension ObjectRecord {
    /// What stands before a record's fields. The numbers travel: one that has been given out keeps its meaning.
    private enum Tag: UInt8 {
        case file = 1
        case pipe, socket, epoll, event, timer, signal, watch, synthetic, outside
    }

    func write(to writer: inout RecordWriter) {
        switch self {
        case .file(let file):
            writer.put(Tag.file.rawValue)
            file.write(to: &writer)
        case .pipe(let pipe):
            writer.put(Tag.pipe.rawValue)
            writer.put(pipe.pipe)
            writer.put(pipe.isWriteEnd)
            writer.put(Int64(pipe.capacity))
        case .socket(let socket):
            writer.put(Tag.socket.rawValue)
            socket.write(to: &writer)
        case .epoll(let epoll):
            writer.put(Tag.epoll.rawValue)
            epoll.write(to: &writer)
        case .event(let event):
            writer.put(Tag.event.rawValue)
            writer.put(event.isSemaphore)
        case .timer(let timer):
            writer.put(Tag.timer.rawValue)
            timer.write(to: &writer)
        case .signal(let signal):
            writer.put(Tag.signal.rawValue)
            writer.put(signal.mask)
        case .watch(let watch):
            writer.put(Tag.watch.rawValue)
            watch.write(to: &writer)
        case .synthetic(let synthetic):
            writer.put(Tag.synthetic.rawValue)
            writer.put(synthetic.path)
            writer.put(synthetic.content)
        case .outside(let outside):
            writer.put(Tag.outside.rawValue)
            writer.put(outside.descriptor)
        }
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        guard let tag = Tag(rawValue: try reader.get()) else { throw .isMalformed }
        switch tag {
        case .file: self = .file(try FileRecord(from: &reader))
        case .pipe: self = .pipe(try PipeRecord(from: &reader))
        case .socket: self = .socket(try SocketRecord(from: &reader))
        case .epoll: self = .epoll(try EpollRecord(from: &reader))
        case .event: self = .event(EventRecord(isSemaphore: try reader.getFlag()))
        case .timer: self = .timer(try TimerRecord(from: &reader))
        case .signal: self = .signal(try SignalFileRecord(from: &reader))
        case .watch: self = .watch(try WatchRecord(from: &reader))
        case .synthetic:
            self = .synthetic(SyntheticRecord(path: try reader.getPath(), content: try reader.getBytes()))
        case .outside: self = .outside(OutsideRecord(descriptor: try reader.get()))
        }
    }
}

extension FileRecord {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(path)
        writer.put(flags)
        writer.put(isMemory)
        writer.put(identity != nil)
        guard let identity else { return }
        writer.put(identity.device)
        writer.put(identity.inode)
        writer.put(identity.volumeHandle)
        writer.put(identity.memoryObject)
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init(path: try reader.getPath(), flags: try reader.get())
        isMemory = try reader.getFlag()
        guard try reader.getFlag() else { return }
        // Its path is the record's own.
        identity = FileIdentity(
            device: try reader.get(), inode: try reader.get(), path: String(decoding: path, as: UTF8.self),
            volumeHandle: try reader.get())
        identity?.memoryObject = try reader.get()
    }
}

extension PipeRecord {
    /// More than F_SETPIPE_SZ gives even to root (it rounds up to a power of two of at most 2 GiB).
    private static let capacityMax: Int64 = 1 << 31

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        let (pipe, isWriteEnd) = (try reader.get(UInt64.self), try reader.getFlag())
        let capacity = try reader.get(Int64.self)
        guard 1...PipeRecord.capacityMax ~= capacity, 1...ObjectRecords.numberMax ~= pipe else { throw .isMalformed }
        self.init(pipe: pipe, isWriteEnd: isWriteEnd, capacity: Int(capacity))
    }
}

extension EpollRecord {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.putAll(interests) { writer, interest in
            writer.put(interest.file)
            writer.put(interest.descriptor)
            writer.put(interest.events)
            writer.put(interest.data)
            writer.put(interest.hasFired)
        }
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init()
        interests = try reader.getAll { reader throws(RecordError) in
            var interest = Interest(
                file: try reader.get(), descriptor: try reader.get(), events: try reader.get(), data: try reader.get())
            interest.hasFired = try reader.getFlag()
            return interest
        }
    }
}

extension TimerRecord {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(clock)
        writer.put(expiryNanoseconds)
        writer.put(intervalNanoseconds)
        writer.put(unreadTicks)
        writer.put(isCancelledOnSet)
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init(clock: try reader.get())
        expiryNanoseconds = try reader.get()
        intervalNanoseconds = try reader.get()
        unreadTicks = try reader.get()
        isCancelledOnSet = try reader.getFlag()
        let timeMax = UInt64(Int64.max)
        guard expiryNanoseconds <= timeMax, intervalNanoseconds <= timeMax else { throw .isMalformed }
    }
}

extension SignalFileRecord {
    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init(mask: try reader.get())
        guard mask & SignalSet.unblockable == 0 else { throw .isMalformed }
    }
}

extension WatchRecord {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.putAll(watches) { writer, watch in
            writer.put(watch.number)
            writer.put(watch.path)
            writer.put(watch.mask)
        }
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init()
        watches = try reader.getAll { reader throws(RecordError) in
            let watch = Watch(number: try reader.get(), path: try reader.getPath(), mask: try reader.get())
            guard watch.number > 0 else { throw .isMalformed }
            return watch
        }
    }
}

extension RecordReader {
    /// A path that a call can be given: of no more bytes than it may have, none of them NUL.
    mutating func getPath() throws(RecordError) -> [UInt8] {
        let path = try getBytes()
        guard path.count <= 2 * PathResolver.pathByteCountMax, !path.contains(0) else { throw .isMalformed }
        return path
    }
}
