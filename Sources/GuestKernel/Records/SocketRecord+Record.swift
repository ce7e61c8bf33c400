import RecordCoding

extension SocketRecord.State {
    /// Numbers that travel.
    fileprivate var number: UInt8 {
        switch self {
        case .unconnected: 0
        case .bound: 1
        case .listening: 2
        case .connecting: 3
        case .connected: 4
        }
    }

    fileprivate init?(number: UInt8) {
        switch number {
        case 0: self = .unconnected
        case 1: self = .bound
        case 2: self = .listening
        case 3: self = .connecting
        case 4: self = .connected
        default: return nil
        }
    }
}

extension SocketRecord {
    /// Most options are an int.
    private static let optionByteCountMax = 4096

    func write(to writer: inout RecordWriter) {
        writer.put(domain)
        writer.put(type)
        writer.put(networkProtocol)
        writer.put(state.number)
        writer.put(localAddress)
        writer.put(peerAddress)
        writer.put(backlog)
        writer.putAll(options) { writer, option in
            writer.put(option.level)
            writer.put(option.name)
            writer.put(option.value)
        }
        writer.put(pair)
        writer.put(isShutForReading)
        writer.put(isShutForWriting)
        writer.put(receiveTimeoutNanoseconds)
        writer.put(sendTimeoutNanoseconds)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        self.init(domain: try reader.get(), type: try reader.get(), networkProtocol: try reader.get())
        guard let state = State(number: try reader.get()) else { throw .isMalformed }
        self.state = state
        localAddress = try reader.getBytes()
        peerAddress = try reader.getBytes()
        backlog = try reader.get()
        options = try reader.getAll { reader throws(RecordError) in
            let option = Option(level: try reader.get(), name: try reader.get(), value: try reader.getBytes())
            guard option.value.count <= SocketRecord.optionByteCountMax else { throw .isMalformed }
            return option
        }
        pair = try reader.get()
        isShutForReading = try reader.getFlag()
        isShutForWriting = try reader.getFlag()
        receiveTimeoutNanoseconds = try reader.getOptional()
        sendTimeoutNanoseconds = try reader.getOptional()
        let addressMax = MessageScratch.addressByteCountMax
        guard localAddress.count <= addressMax, peerAddress.count <= addressMax,
            options.count <= SocketRecord.optionCountMax, pair <= ObjectRecords.numberMax,
            type & ~SocketType.mask == 0
        else { throw .isMalformed }
    }
}
